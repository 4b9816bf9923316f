// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import TestSupport
import Testing

/// Parts of a network that are loaded and let go.
struct NetworkPartsTests {
  @Test func whatIsLetGoIsLoadedAgain() throws {
    let meter = MeteringBackend()
    let parts = NetworkParts(
      SeededParameters(backend: meter), configuration: TinyNetwork.configuration, hasSplit: true)
    #expect(meter.account.liveByteCount == 0)
    try parts.load([.unet, .vaeDecoder])
    let both = meter.account.liveByteCount
    parts.keep(only: [.vaeDecoder])
    let decoder = meter.account.liveByteCount
    #expect(decoder > 0 && decoder < both)
    _ = try parts.vaeDecoder()
    #expect(meter.account.liveByteCount == decoder)
    _ = try parts.unet()
    #expect(meter.account.liveByteCount == both)
    parts.keep(only: [])
    #expect(meter.account.liveByteCount == 0)
  }

  @Test func aGivenNetworkStays() throws {
    let meter = MeteringBackend()
    let parts = NetworkParts(try TinyNetwork.make(on: meter))
    let before = meter.account.liveByteCount
    parts.keep(only: [])
    #expect(meter.account.liveByteCount == before)
    #expect(try parts.split() != nil)
  }
}
