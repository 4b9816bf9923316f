// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionVulkan
import Testing

/// A device starts 65535 groups of invocations along an axis or more; what a large picture needs beyond that comes in
/// several dispatches. Here the limit is lowered, so that small ones need them too.
@Suite(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"))
struct GroupLimitTests {
  static let kernels = TestDevice.tiers + [.subgroupsWithoutLanes, .emulatedMatrices]

  /// What is computed, each with more groups than the lowered limit has.
  private func results(on backend: VulkanBackend) throws -> [[Float]] {
    func values(_ shape: Shape, dtype: DType = .f32) throws -> Tensor {
      // Without a pattern that a shifted row would repeat.
      var state = UInt32(truncatingIfNeeded: shape.elementCount)
      let values = (0..<shape.elementCount).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return Float(state >> 8) / Float(1 << 24) - 0.5
      }
      return try Tensor(values, shape: shape, on: backend).cast(to: dtype)
    }
    var results: [[Float]] = []
    for dtype in [DType.f32, .f16] {
      func some(_ shape: Shape) throws -> Tensor { try values(shape, dtype: dtype) }
      results.append(
        try some([2100, 8]).linear(weight: some([9, 8]), bias: some([9]), residual: some([2100, 9])).floats())
      results.append(try some([2100, 8]).gatedLinear(weight: some([10, 8]), bias: some([10])).floats())
      results.append(try some([20, 5, 8]).matmul(some([20, 8, 6])).floats())
      let image = try some([1, 46, 47, 8])
      results.append(
        try image.convolution(
          weight: some([5, 3, 3, 8]), bias: some([5]), geometry: ConvolutionGeometry(padding: 1),
          residual: some([1, 46, 47, 5])
        ).floats())
      results.append(
        try image.convolution(
          weight: some([8, 3, 3, 1]), geometry: ConvolutionGeometry(padding: 2, dilation: 2, groups: 8)
        ).floats())
      results.append(try image.maxPooled(PoolingGeometry(kernel: 3, stride: 1, padding: 1)).floats())
      results.append(
        try some([17, 10, 14, 4]).groupNorm(groups: 2, gamma: some([4]), beta: some([4]), epsilon: 1e-5).floats())
      results.append(try image.instanceNorm(epsilon: 1e-5).floats())
      results.append(try Tensor.attention(some([6, 7, 24]), some([6, 5, 24]), some([6, 5, 24]), heads: 3).floats())
      results.append(
        try Tensor.attention(some([1, 7, 144]), some([1, 5, 144]), some([1, 5, 144]), heads: 18).floats())
    }
    return results
  }

  @Test(arguments: kernels) func severalDispatchesGiveTheSameBits(kernels: TestDevice.Kernels) throws {
    let whole = try TestDevice.makeBackend(kernels)
    let parts = try TestDevice.makeBackend(kernels, mostGroups: 16)
    let (expected, found) = (try results(on: whole), try results(on: parts))
    for (index, (a, b)) in zip(expected, found).enumerated() {
      #expect(a.allSatisfy(\.isFinite) && a.map(\.bitPattern) == b.map(\.bitPattern), "result \(index)")
    }
    #expect(parts.statistics.dispatches > whole.statistics.dispatches + 8)
    #expect(whole.validationMessages + parts.validationMessages == [])
  }
}
