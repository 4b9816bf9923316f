// SPDX-License-Identifier: Apache-2.0

/// A two-dimensional convolution of channels-last images.
public struct Conv2d: Sendable {
  /// `weight`, `[out, in / groups, kh, kw]` in the checkpoint, `[out, kh, kw, in / groups]` here.
  public let weight: Tensor
  /// `bias` `[out]`
  public let bias: Tensor?
  /// Stride, padding, upsampling, dilation and groups.
  public let geometry: ConvolutionGeometry

  /// A convolution of given tensors, see ``Tensor/convolution(weight:bias:geometry:activation:residual:)``.
  public init(weight: Tensor, bias: Tensor? = nil, geometry: ConvolutionGeometry) {
    self.weight = weight
    self.bias = bias
    self.geometry = geometry
  }

  /// Loads a square kernel. Without a geometry it keeps the image's size.
  public init(
    _ parameters: Parameters, inputs: Int, outputs: Int, kernel: Int = 3, geometry: ConvolutionGeometry? = nil,
    bias: Bool = true
  ) throws {
    let geometry = geometry ?? ConvolutionGeometry(padding: kernel / 2)
    self.weight = try parameters.kernel("weight", [outputs, inputs / geometry.groups, kernel, kernel])
    self.bias = bias ? try parameters("bias", [outputs]) : nil
    self.geometry = geometry
  }

  /// `activation(conv(x) + bias + extraBias) + residual`: `[B, H, W, in]` to `[B, H', W', out]`.
  ///
  /// - Parameter extraBias: `[out]`, such as a time embedding that all samples share.
  public func callAsFunction(
    _ x: Tensor, extraBias: Tensor? = nil, activation: Activation = .none, residual: Tensor? = nil
  ) throws -> Tensor {
    var offset = bias
    if let extraBias { offset = try bias.map { try $0 + extraBias } ?? extraBias }
    return try x.convolution(
      weight: weight, bias: offset, geometry: geometry, activation: activation, residual: residual)
  }
}
