import DiffusionCore

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

  /// The kernel, and the specialisation constants 0 to 5 of which 1 to 3 are given.
  ///
  /// - Parameter step: how many neighbours an invocation takes at a time.
  func kernel(
    _ portable: Kernel, _ subgroups: Kernel, _ constants: [UInt32], step: Int = 1
  ) -> (kernel: Kernel, constants: [UInt32]) {
    (usesSubgroups ? subgroups : portable, [UInt32(threads)] + constants + [isOneSubgroup ? 1 : 0, UInt32(step)])
  }

  /// How many times `step` elements of a row an invocation keeps in registers, 0 if they are too many.
  func held(columns: Int, step: Int) -> Int {
    let count = columns.dividedRoundingUp(by: threads * step)
    return count * step <= 16 ? count : 0
  }
}
