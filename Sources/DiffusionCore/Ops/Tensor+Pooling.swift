// SPDX-License-Identifier: Apache-2.0

extension Tensor {
  private func pooled(_ pooling: Pooling, _ geometry: PoolingGeometry) throws -> Tensor {
    precondition(shape.rank == 4, "pooling of \(shape)")
    return try result(geometry.outputShape(shape)) {
      try backend.pool(pooling, operand, geometry: geometry, to: $0)
    }
  }

  /// The largest element of each window of an image `[B, H, W, C]`, channel by channel: `[B, H', W', C]`.
  public func maxPooled(_ geometry: PoolingGeometry) throws -> Tensor { try pooled(.max, geometry) }

  /// The mean of each window of an image `[B, H, W, C]`, channel by channel: `[B, H', W', C]`.
  ///
  /// - Parameter countsPadding: whether the padding counts as zeros (PyTorch's `count_include_pad`).
  public func averagePooled(_ geometry: PoolingGeometry, countsPadding: Bool = true) throws -> Tensor {
    try pooled(.average(countsPadding: countsPadding), geometry)
  }
}
