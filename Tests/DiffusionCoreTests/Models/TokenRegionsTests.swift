// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import TestSupport
import Testing

/// Each region of a split context computes its own queries only; the answer must not show it.
@Suite struct TokenRegionsTests {
  @Test(arguments: [[1, 0, 0, 1, 1, 0, 1], [0, 0, 0], [1, 1], [1], [0]] as [[Float]])
  func tokensReturnToTheirPlaces(mask: [Float]) throws {
    let cpu = try CPUBackend(threads: 1)
    let tokens = try Tensor((0..<mask.count * 4).map(Float.init), shape: [2, mask.count, 2], on: cpu)
    let rows = try Tensor(mask + mask, shape: [2, mask.count, 1], on: cpu)
    let regions = try #require(try TokenRegions(mask: rows))
    let parts = try [regions.foreground, regions.background].compactMap { $0 }
      .map { try tokens.resampled(axis: 1, taps: $0) }
    #expect(parts.map { $0.shape[1] }.reduce(0, +) == mask.count)
    #expect(regions.foreground?.outputExtent ?? 0 == mask.count { $0 == 1 })
    let restored = try Tensor.concatenate(parts, axis: 1).resampled(axis: 1, taps: regions.restoring)
    #expect(try restored.floats() == tokens.floats())
  }

  @Test func rowsWithDifferentMasksHaveNoCommonRegions() throws {
    let mask = try Tensor([1, 0, 0, 1], shape: [2, 2, 1], on: CPUBackend(threads: 1))
    #expect(try TokenRegions(mask: mask) == nil)
  }
}
