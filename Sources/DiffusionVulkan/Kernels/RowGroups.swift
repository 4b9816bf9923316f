// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionShaders

/// How the kernels of rows (`Shaders/include/rows.glsl`) are started: the size of a group of invocations, and whether
/// its subgroups reduce by themselves.
struct RowGroups {
  /// The invocations of a group, a power of two.
  let threads: Int
  /// Whether the group is one subgroup.
  let isOneSubgroup: Bool
  private let usesSubgroups: Bool

  /// - Parameters:
  ///   - columns: the elements of a row.
  ///   - lanes: set on a device in software, which pays for barriers and gains nothing by more invocations.
  init(tier: VulkanTier, lanes: LaneProducts?, columns: Int) {
    usesSubgroups = tier >= .subgroup
    if let lanes {
      threads = lanes.width
      isOneSubgroup = true
    } else {
      threads = columns <= 256 ? 64 : columns <= 2048 ? 128 : 256
      // Not even where the sizes are equal: a driver may split a group into subgroups that are not full.
      isOneSubgroup = false
    }
  }

  /// The kernel that the device can run.
  func kernel(_ portable: Kernel, _ subgroups: Kernel) -> Kernel { usesSubgroups ? subgroups : portable }

  /// What the kernels are specialised by.
  ///
  /// - Parameters:
  ///   - step: how many neighbours an invocation takes at a time.
  ///   - held: how many times that it keeps in registers.
  func constants(
    out: DType = .f32, x: DType = .f32, reduction: Reduction = .sum, step: Int = 1, held: Int = 0
  ) -> RowsConstants {
    RowsConstants(
      threads: threads, outType: out.kernelNumber, xType: x.kernelNumber, reduction: reduction.kernelNumber,
      oneSubgroup: isOneSubgroup, step: step, held: held)
  }

  /// How many times `step` elements of a row an invocation keeps in registers, 0 if they are too many.
  func held(columns: Int, step: Int) -> Int {
    let count = columns.dividedRoundingUp(by: threads * step)
    return count * step <= 16 ? count : 0
  }
}
