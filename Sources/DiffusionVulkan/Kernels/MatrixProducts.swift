// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionShaders

/// The products on matrix units (`Shaders/include/product_matrix.glsl`): operands of `f16`, sums of `f32`.
struct MatrixProducts {
  let shape: MatrixShape
  /// The invocations of a group: four full subgroups.
  let threads: Int
  /// Whether the units are imitated, so that a device without them can run the rest of the kernels, for tests.
  let isEmulated: Bool
  private let sharedMemoryByteCount: Int
  /// (TILE_ROWS + TILE_COLUMNS) * PITCH words of 16 bytes.
  private var hasRoomForLargeTiles: Bool { sharedMemoryByteCount >= (128 + 128) * 5 * 16 }

  init?(_ device: VulkanDevice, tier: VulkanTier, emulated: Bool) {
    let features = device.physical.kernelFeatures
    let limits = device.physical.properties.limits
    isEmulated = emulated
    sharedMemoryByteCount = device.sharedMemoryByteCount
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
    let large = rows.dividedRoundingUp(by: 128) * columns.dividedRoundingUp(by: 128) * batch
    // Tests have no product of so many tiles.
    return hasRoomForLargeTiles && columns > 64 && large >= (isEmulated ? 2 : 96) ? 128 : 64
  }

  /// The channels of a head, rounded up to what `attention_matrix.comp` takes; nil if it takes no so wide a head, or
  /// the device has no room for it.
  ///
  /// - Parameter canPassRows: whether subgroups have the shuffles that the kernel uses.
  func attentionDepth(width: Int, canPassRows: Bool) -> Int? {
    let depth = width.roundedUp(toMultipleOf: 32)
    // Queries, keys, probabilities and strips in words of 16 bytes, and a number for each query.
    let needed = ((64 + 32) * (depth / 8 + 1) + 2 * 64 * 9) * 16 + 64 * 4
    guard shape.rows == 16, (8...64).contains(threads / 4), isEmulated || canPassRows, depth <= 128,
      needed <= sharedMemoryByteCount
    else { return nil }
    return depth
  }

  /// What the kernels of `product_matrix.glsl` are specialised by.
  func constants(tile: Int, out: DType, upsampling: Int) -> MatrixConstants {
    MatrixConstants(
      threads: threads, matrixRows: shape.rows, matrixColumns: shape.columns, matrixInner: shape.inner,
      tileRows: tile, tileColumns: tile, outType: out.kernelNumber, upsampling: upsampling)
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
