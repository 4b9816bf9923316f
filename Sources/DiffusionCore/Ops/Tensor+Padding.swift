/// What stands around an image that is padded.
public enum PaddingMode: String, Sendable, Hashable, CaseIterable {
  /// Zeros.
  case zero
  /// The pixel at the border, again and again.
  case edge
  /// The image mirrored at the pixel of its border, which is not repeated.
  case reflect
}

extension ResampleTaps {
  /// One axis with elements added before and after.
  ///
  /// - Precondition: `reflect` adds less than the extent, `edge` to at least one element.
  public static func padding(_ extent: Int, before: Int, after: Int, mode: PaddingMode) -> ResampleTaps {
    precondition(before >= 0 && after >= 0, "\(before) and \(after) elements to add")
    let added = max(before, after)
    switch mode {
    case .zero: precondition(extent > 0 || added == 0, "no element to take the place of zeros")
    case .edge: precondition(extent > 0 || added == 0, "nothing has no border")
    case .reflect: precondition(added == 0 || added < extent, "\(added) elements reflected of \(extent)")
    }
    let positions = -before..<extent + after
    let indices = positions.map { position in
      switch mode {
      case .zero, .edge: Int32(min(max(position, 0), extent - 1))
      case .reflect: Int32(position < 0 ? -position : position < extent ? position : 2 * (extent - 1) - position)
      }
    }
    return ResampleTaps(
      inputExtent: extent, outputExtent: positions.count, width: 1, indices: indices,
      weights: positions.map { mode == .zero && !(0..<extent).contains($0) ? 0 : 1 })
  }
}

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
