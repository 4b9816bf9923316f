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
      #expect(meter.liveByteCount == 800 && b.shape == [100])
    }
    #expect(meter.liveByteCount == 400 && meter.peakByteCount == 1200 && meter.largestByteCount == 400)
    meter.resetPeak()
    #expect(meter.peakByteCount == 400)
  }

  @Test func keepsFreedBlocksAsThePoolDoes() throws {
    let meter = MeteringBackend(rules: MeteringRules(blockByteCount: { ($0 + 1023) / 1024 * 1024 }, cacheLimit: 2048))
    for count in [100, 200, 300, 2000] { _ = try Tensor(uninitialized: [count], on: meter) }
    // Blocks of 1, 1, 2 and 8 KiB: the second is the first again, the last is too large to be kept.
    #expect(meter.liveByteCount == 0 && meter.cachedByteCount == 1024)
    #expect(meter.peakByteCount == 1024 + 8192)
    meter.releaseCachedMemory()
    #expect(meter.cachedByteCount == 0)
  }

  @Test func countsPagesOfMappedWeightsOnce() throws {
    let meter = MeteringBackend()
    let weight = meter.mappedTensor([10, 10], dtype: .f16)
    #expect(meter.mappedByteCount == 0)
    let x = try Tensor(uninitialized: [5, 10], on: meter)
    for _ in 0..<2 { _ = try x.linear(weight: weight) }
    #expect(meter.mappedByteCount == 200)
    meter.releaseMappedPages()
    #expect(meter.mappedByteCount == 0)
    _ = try weight.cast(to: .f32)
    #expect(meter.mappedByteCount == 200)
    // A backend that cannot use the file in place copies.
    let copying = MeteringBackend(rules: MeteringRules(usesMappings: false))
    let copy = copying.mappedTensor([10, 10], dtype: .f16)
    #expect(copying.liveByteCount == 200 && copy.dtype == .f16)
  }

  @Test func countsScratchMemory() throws {
    let meter = MeteringBackend(
      rules: MeteringRules(attentionScratch: { _, _ in 1000 }, productScratch: { _, _, _ in 500 }))
    let x = try Tensor(uninitialized: [1, 4, 8], on: meter)
    _ = try Tensor.attention(x, x, x, heads: 2)
    #expect(meter.peakByteCount == 128 + 128 + 1000)
    meter.resetPeak()
    _ = try x.linear(weight: Tensor(uninitialized: [8, 8], on: meter))
    #expect(meter.peakByteCount == 128 + 256 + 128 + 500)
  }
}
