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
}
