// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

/// What a backend that only counts counts.
struct MeteringBackendTests {
  @Test func countsLivingBuffersAndTheirPeak() throws {
    let meter = MeteringBackend()
    let a = try Tensor(uninitialized: [100], on: meter)
    do {
      let b = try a + 1
      _ = try b.exp()
      #expect(meter.account.liveByteCount == 800 && b.shape == [100])
    }
    #expect(meter.account.liveByteCount == 400 && meter.account.peakByteCount == 1200)
    #expect(meter.account.largestByteCount == 400)
    meter.account.resetPeak()
    #expect(meter.account.peakByteCount == 400)
  }

  @Test func resultsAreStoredAsTheBackendStoresThem() throws {
    let meter = MeteringBackend(storageType: .f16)
    _ = try Tensor(uninitialized: [100], on: meter) + 1
    #expect(meter.account.peakByteCount == 400 + 200)
  }

  @Test func countsPagesOfMappedWeightsOnce() throws {
    let meter = try CPUBackend(threads: 1).makeMeter()
    let weight = try meter.mappedTensor([16, 32], dtype: .f16)
    #expect(meter.account.mappedByteCount == 0)
    let x = try Tensor(uninitialized: [5, 32], on: meter.backend)
    for _ in 0..<2 { _ = try x.linear(weight: weight) }
    #expect(meter.account.mappedByteCount == 1024)
    meter.account.releaseMappedPages()
    #expect(meter.account.mappedByteCount == 0)
    _ = try weight.cast(to: .f32)
    #expect(meter.account.mappedByteCount == 1024)
    // A backend that cannot use the file in place copies.
    let copying = PlainBackend().makeMeter()
    let copy = try copying.mappedTensor([16, 32], dtype: .f16)
    #expect(copying.account.liveByteCount == 1024 && copy.dtype == .f16)
  }

  /// Has no meter of its own.
  private final class PlainBackend: CallReceiver {
    let name = "plain"

    func makeBuffer(byteCount: Int) throws -> any Buffer { try ShapeOnlyBackend().makeBuffer(byteCount: byteCount) }
    func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer {
      try makeBuffer(byteCount: bytes.count)
    }
    func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {}
    func receive(_ call: BackendCall) throws {}
  }
}
