// SPDX-License-Identifier: Apache-2.0

extension Tensor {
  /// Resizes an image `[B, H, W, C]` to `[B, height, width, C]`, as PyTorch's `interpolate(size:)` does without
  /// antialiasing.
  ///
  /// - Precondition: there are pixels, or none are wanted.
  public func resized(height: Int, width: Int, by interpolation: Interpolation) throws -> Tensor {
    precondition(shape.rank == 4, "resizing of \(shape)")
    let rows = ResampleTaps.interpolating(from: shape[1], to: height, by: interpolation)
    let columns = ResampleTaps.interpolating(from: shape[2], to: width, by: interpolation)
    return try resampled(axis: 2, taps: columns).resampled(axis: 1, taps: rows)
  }
}
