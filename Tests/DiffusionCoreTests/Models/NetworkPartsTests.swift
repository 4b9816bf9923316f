import DiffusionCore
import TestSupport
import Testing

/// Parts of a network that are loaded and let go.
struct NetworkPartsTests {
  @Test func whatIsLetGoIsLoadedAgain() throws {
    let meter = MeteringBackend()
    let parts = NetworkParts(
      SeededParameters(backend: meter), configuration: TinyNetwork.configuration, hasSplit: true)
    #expect(meter.liveByteCount == 0)
    try parts.load([.unet, .vaeDecoder])
    let both = meter.liveByteCount
    parts.keep(only: [.vaeDecoder])
    let decoder = meter.liveByteCount
    #expect(decoder > 0 && decoder < both)
    _ = try parts.vaeDecoder()
    #expect(meter.liveByteCount == decoder)
    _ = try parts.unet()
    #expect(meter.liveByteCount == both)
    parts.keep(only: [])
    #expect(meter.liveByteCount == 0)
  }

  @Test func aGivenNetworkStays() throws {
    let meter = MeteringBackend()
    let parts = NetworkParts(try TinyNetwork.make(on: meter))
    let before = meter.liveByteCount
    parts.keep(only: [])
    #expect(meter.liveByteCount == before)
    #expect(try parts.split() != nil)
  }
}
