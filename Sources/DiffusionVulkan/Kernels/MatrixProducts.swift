import DiffusionCore

/// The products on matrix units (`Shaders/include/product_matrix.glsl`): operands of `f16`, sums of `f32`.
struct MatrixProducts {
  let shape: MatrixShape
  /// The invocations of a group: four full subgroups.
  let threads: Int
  /// Whether the units are imitated, so that a device without them can run the rest of the kernels, for tests.
  let isEmulated: Bool
  private let hasRoomForLargeTiles: Bool

  init?(_ device: VulkanDevice, tier: VulkanTier, emulated: Bool) {
    let features = device.physical.kernelFeatures
    let limits = device.physical.properties.limits
    isEmulated = emulated
    // (TILE_ROWS + TILE_COLUMNS) * PITCH words of 16 bytes.
    hasRoomForLargeTiles = device.sharedMemoryByteCount >= (128 + 128) * 5 * 16
    if emulated {
      shape = MatrixShape(rows: 16, columns: 16, inner: 16)
      threads = 32
      return
    }
    guard tier >= .matrix, let shape = features.matrixShape else { return nil }
    self.shape = shape
    threads = 4 * features.subgroupSize
    let most = min(limits.maxComputeWorkGroupInvocations, limits.maxComputeWorkGroupSize.0)
    guard features.subgroupSize >= 4, threads <= Int(most) else { return nil }
  }

  /// The extent of a square tile: large where there are enough of them to fill a device.
  func tile(rows: Int, columns: Int, batch: Int = 1) -> Int {
    let large = ceilingDivide(rows, 128) * ceilingDivide(columns, 128) * batch
    return hasRoomForLargeTiles && large >= 96 ? 128 : 64
  }

  /// The specialisation constants 0 to 6.
  func constants(tile: Int, out: DType) -> [UInt32] {
    [threads, shape.rows, shape.columns, shape.inner, tile, tile].map { UInt32($0) } + [out.code]
  }

  /// The kernel on the device's units, or the one that imitates them.
  func kernel(_ onUnits: Kernel, _ emulated: Kernel) -> Kernel { isEmulated ? emulated : onUnits }
}

extension Operand {
  /// Whether rows along an axis can be loaded in words of eight elements for matrix units.
  ///
  /// - Parameter window: what is bound of it.
  func isMatrixOperand(along axis: Int, in window: Window) -> Bool {
    dtype == .f16 && hasRuns(of: 8, along: axis, in: window)
  }

  /// Whether so many neighbours along an axis, from a multiple of their number on, can be loaded at once.
  ///
  /// - Parameter window: what is bound of it.
  func hasRuns(of count: Int, along axis: Int, in window: Window) -> Bool {
    guard view.strides[axis] == 1, view.shape[axis] % count == 0, window.elementOffset % count == 0 else {
      return false
    }
    return view.shape.indices.allSatisfy { $0 == axis || view.shape[$0] == 1 || view.strides[$0] % count == 0 }
  }
}
