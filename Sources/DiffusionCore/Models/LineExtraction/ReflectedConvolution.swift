// SPDX-License-Identifier: Apache-2.0

/// A convolution of an image that is mirrored at its borders, where ``Conv2d`` sees zeros.
struct ReflectedConvolution: Sendable {
  let convolution: Conv2d
  /// What is mirrored on all sides.
  let padding: Int

  /// - Parameter padding: nil takes half of the kernel, less one for an even one that halves the image.
  init(_ convolution: Conv2d, padding: Int? = nil) {
    self.convolution = convolution
    self.padding = padding ?? (convolution.weight.shape[1] - 1) / 2
  }

  /// `activation(conv(x) + bias)`: `[B, H, W, in]` to `[B, H', W', out]`.
  func callAsFunction(_ x: Tensor, activation: Activation = .none) throws -> Tensor {
    try convolution(x.padded(padding, mode: .reflect), activation: activation)
  }

  /// The convolution of the image doubled bicubically, with one more pixel mirrored below and to the right, as an even
  /// kernel needs to keep its size.
  func callAsFunction(doubling x: Tensor, activation: Activation = .none) throws -> Tensor {
    var doubled = x
    for axis in [2, 1] {
      // Both are tables of taps, which one pass over the image reads together.
      let taps = ResampleTaps.bicubic(from: x.shape[axis], to: 2 * x.shape[axis])
        .padded(before: padding, after: padding + 1, mode: .reflect)
      doubled = try doubled.resampled(axis: axis, taps: taps)
    }
    return try convolution(doubled, activation: activation)
  }
}
