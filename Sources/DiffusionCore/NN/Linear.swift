// SPDX-License-Identifier: Apache-2.0

/// `y = x W^T + b` over the last axis.
public struct Linear: Sendable {
  /// `weight` `[out, in]`
  public let weight: Tensor
  /// `bias` `[out]`
  public let bias: Tensor?

  /// Loads `weight` and, if asked for, `bias`.
  public init(_ parameters: Parameters, inputs: Int, outputs: Int, bias: Bool = true) throws {
    self.weight = try parameters("weight", [outputs, inputs])
    self.bias = bias ? try parameters("bias", [outputs]) : nil
  }

  /// A layer of given tensors.
  public init(weight: Tensor, bias: Tensor?) {
    self.weight = weight
    self.bias = bias
  }

  /// Loads a 1x1 convolution, `weight` `[out, in, 1, 1]`, which on channels-last data is a linear layer.
  public init(pointwise parameters: Parameters, inputs: Int, outputs: Int) throws {
    self.weight = try parameters("weight", [outputs, inputs, 1, 1]).reshaped([outputs, inputs])
    self.bias = try parameters("bias", [outputs])
  }

  /// `activation(x W^T + b) + residual`: `[..., in]` to `[..., out]`.
  public func callAsFunction(
    _ x: Tensor, activation: Activation = .none, residual: Tensor? = nil
  ) throws -> Tensor {
    try x.linear(weight: weight, bias: bias, activation: activation, residual: residual)
  }
}
