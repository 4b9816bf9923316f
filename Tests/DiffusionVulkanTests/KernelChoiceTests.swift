// SPDX-License-Identifier: Apache-2.0

import DiffusionVulkan
import Testing

/// What kernels are chosen for which device.
struct KernelChoiceTests {
  @Test func prefersTheMostWorkOfTheShapesItKnows() {
    let small = MatrixShape(rows: 16, columns: 8, inner: 8)
    let narrow = MatrixShape(rows: 16, columns: 8, inner: 16)
    let square = MatrixShape(rows: 16, columns: 16, inner: 16)
    let flat = MatrixShape(rows: 8, columns: 32, inner: 16)
    #expect(MatrixShape.best(of: [small, narrow, square]) == square)
    #expect(MatrixShape.best(of: [narrow, small]) == narrow)
    #expect(MatrixShape.best(of: [flat, square]) == square)
    // Halves of tiles are no multiples of these.
    #expect(MatrixShape.best(of: [MatrixShape(rows: 64, columns: 64, inner: 64)]) == nil)
    #expect(MatrixShape.best(of: [MatrixShape(rows: 16, columns: 12, inner: 16)]) == nil)
    #expect(MatrixShape.best(of: []) == nil)
  }

  @Test func splitsCoverTheInnerExtent() {
    let plan = ProductPlan(.discrete)
    for inner in [1, 32, 511, 512, 1280, 2880, 5120, 11_520, 23_040] {
      for groups in [1, 2, 7, 40, 80, 160, 1000] {
        let (count, length) = plan.splits(groups: groups, inner: inner, multiple: 32)
        #expect(count * length >= inner && (count - 1) * length < inner)
        #expect(count == 1 || (length % 32 == 0 && length >= 256))
        let even = plan.evenSplits(groups: groups, inner: inner, multiple: 32)
        #expect(inner % even == 0 && (even == 1 || inner / even % 32 == 0))
      }
    }
    #expect(plan.splits(groups: 80, inner: 11_520, multiple: 32).count == 3)
    #expect(plan.splits(groups: 1000, inner: 11_520, multiple: 32).count == 1)
    #expect(ProductPlan(.cpu).splits(groups: 1, inner: 11_520, multiple: 32).count == 1)
  }

  @Test func takesSmallTilesForFewRows() {
    let plan = ProductPlan(.discrete)
    #expect(plan.parts(rows: 2, columns: 1280) == 1)
    #expect(plan.parts(rows: 8192, columns: 320) == 2)
    #expect(plan.parts(rows: 128, columns: 1280) == 1)
  }

  @Test(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"), arguments: VulkanTier.allCases)
  func keepsToTheTierThatIsAskedFor(tier: VulkanTier) throws {
    let highest = try TestDevice.makeBackend().tier
    let found = try TestDevice.makeBackend(.tier(tier)).tier
    // More than a device gets by itself only if it is asked for.
    #expect(found <= tier && found >= min(tier, highest))
  }
}
