// SPDX-License-Identifier: Apache-2.0

extension Tensor {
  /// Resamples one axis by a table of taps.
  public func resampled(axis: Int, taps: ResampleTaps) throws -> Tensor {
    precondition(shape[axis] == taps.inputExtent, "axis \(axis) of \(shape) is not of extent \(taps.inputExtent)")
    return try result(shape.replacing(axis: axis, with: taps.outputExtent)) {
      try backend.resample(operand, axis: axis, taps: taps, to: $0)
    }
  }

  /// Shrinks an image `[B, H, W, C]` bicubically without antialiasing to `floor(H / factor)` x `floor(W / factor)`, as
  /// PyTorch's `interpolate(scale_factor: 1 / factor)` does: the scale is the factor even where it does not divide.
  public func resizedBicubic(factor: Int) throws -> Tensor {
    let rows = ResampleTaps.bicubic(from: shape[1], to: shape[1] / factor, scale: Double(factor))
    let columns = ResampleTaps.bicubic(from: shape[2], to: shape[2] / factor, scale: Double(factor))
    return try resampled(axis: 2, taps: columns).resampled(axis: 1, taps: rows)
  }

  /// Resizes an image `[B, H, W, C]` bicubically, see `ResampleTaps.bicubic(from:to:antialias:alignCorners:)`.
  public func resizedBicubic(
    height: Int, width: Int, antialias: Bool = false, alignCorners: Bool = false
  ) throws -> Tensor {
    let rows = ResampleTaps.bicubic(from: shape[1], to: height, antialias: antialias, alignCorners: alignCorners)
    let columns = ResampleTaps.bicubic(from: shape[2], to: width, antialias: antialias, alignCorners: alignCorners)
    return try resampled(axis: 2, taps: columns).resampled(axis: 1, taps: rows)
  }
}
