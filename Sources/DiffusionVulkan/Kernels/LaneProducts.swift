// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// The products in the registers of one subgroup (`Shaders/include/lanes.glsl`).
///
/// A device in software runs a subgroup as the elements of a processor's vectors; it pays for every element that is
/// loaded and for every barrier, and nothing for idle invocations. On lavapipe these kernels are four to ten times as
/// fast as those that go through shared memory; on a graphics card they would leave it idle.
struct LaneProducts {
  /// The rows of a tile.
  static let rows = 16
  /// The size of a subgroup, which is that of a group of invocations.
  let width: Int

  init?(_ device: VulkanDevice, tier: VulkanTier) {
    let features = device.physical.kernelFeatures
    guard device.kind == .cpu, tier >= .subgroup, features.hasInt64, [4, 8, 16].contains(features.subgroupSize) else {
      return nil
    }
    width = features.subgroupSize
  }

  /// The pairs of columns of an invocation: fewer for a product with few columns.
  func pairs(columns: Int) -> Int { columns <= 2 * width ? 1 : 2 }
}

extension LaneProducts {
  /// Whether activations come in the type that they leave in.
  ///
  /// The kernels take long to compile on a device in software, so that there is not one for every mix of types: those
  /// that no network has are converted to `f32`.
  func accepts(_ operands: Operand...) -> Bool { operands.allSatisfy { $0.dtype == operands[0].dtype } }
}

extension Operand {
  /// Whether two neighbours along an axis, from an even one on, can be loaded at once.
  ///
  /// - Parameter window: what is bound of it.
  func hasPairs(along axis: Int, in window: Window) -> Bool { hasRuns(of: 2, along: axis, in: window) }
}

extension [Operand] {
  /// Whether any has elements of 16 bits: then kernels that move little else gain by taking two at a time.
  var hasShortElements: Bool { contains { $0.dtype != .f32 } }
}
