// SPDX-License-Identifier: Apache-2.0

/// A two-dimensional transposed convolution of channels-last images.
public struct TransposedConv2d: Sendable {
  /// `weight`, `[in, out / groups, kh, kw]` in the checkpoint, `[out, kh, kw, in / groups]` here.
  public let weight: Tensor
  /// `bias` `[out]`
  public let bias: Tensor?
  /// Stride, padding, dilation and groups.
  public let geometry: TransposedConvolutionGeometry

  /// Loads a kernel.
  public init(
    _ parameters: Parameters, inputs: Int, outputs: Int, kernel: (height: Int, width: Int),
    geometry: TransposedConvolutionGeometry, bias: Bool = true
  ) throws {
    let groups = geometry.groups
    let (height, width) = (kernel.height, kernel.width)
    let stored = try parameters("weight", [inputs, outputs / groups, height, width])
    self.weight = try stored.reshaped([groups, inputs / groups, outputs / groups, height, width])
      .transposed(0, 2, 3, 4, 1).reshaped([outputs, height, width, inputs / groups])
    self.bias = bias ? try parameters("bias", [outputs]) : nil
    self.geometry = geometry
  }

  /// `activation(transposed conv(x) + bias)`: `[B, H, W, in]` to `[B, H', W', out]`.
  public func callAsFunction(_ x: Tensor, activation: Activation = .none) throws -> Tensor {
    try x.transposedConvolution(weight: weight, bias: bias, geometry: geometry, activation: activation)
  }
}
