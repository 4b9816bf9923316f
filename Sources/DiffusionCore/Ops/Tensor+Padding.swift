// SPDX-License-Identifier: Apache-2.0

extension Tensor {
  /// An image `[B, H, W, C]` with pixels added around: `[B, top + H + bottom, left + W + right, C]`.
  ///
  /// - Precondition: `reflect` adds fewer pixels than there are.
  public func padded(
    top: Int, bottom: Int, left: Int, right: Int, mode: PaddingMode = .zero
  ) throws -> Tensor {
    precondition(shape.rank == 4, "padding of \(shape)")
    if mode == .zero {
      let padded: Shape = [shape[0], top + shape[1] + bottom, left + shape[2] + right, shape[3]]
      return try result(padded, dtype: dtype) { out in
        try backend.fill(out, with: 0)
        let view = out.view.sliced(axis: 1, top..<top + shape[1]).sliced(axis: 2, left..<left + shape[2])
        try backend.copy(operand, to: out.with(view))
      }
    }
    var image = self
    for (axis, before, after) in [(2, left, right), (1, top, bottom)] where before > 0 || after > 0 {
      image = try image.resampled(
        axis: axis, taps: .padding(shape[axis], before: before, after: after, mode: mode))
    }
    return image
  }

  /// An image `[B, H, W, C]` with as many pixels added on all four sides.
  public func padded(_ count: Int, mode: PaddingMode = .zero) throws -> Tensor {
    try padded(top: count, bottom: count, left: count, right: count, mode: mode)
  }
}
