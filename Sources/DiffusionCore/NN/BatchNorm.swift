// SPDX-License-Identifier: Apache-2.0

/// Batch normalisation (Ioffe and Szegedy 2015) with the statistics of training, which makes it one scale and one shift
/// for each channel: `(x - mean) / sqrt(var + epsilon) * gamma + beta`.
public struct BatchNorm: Sendable {
  /// `gamma / sqrt(var + epsilon)` `[C]`, of `weight` and `running_var`.
  public let scale: Tensor
  /// `beta - mean * scale` `[C]`, of `bias` and `running_mean`.
  public let shift: Tensor

  /// Loads the statistics, scales and shifts of `channels` channels.
  public init(_ parameters: Parameters, channels: Int, epsilon: Float = 1e-5) throws {
    let deviation = try (parameters("running_var", [channels]) + epsilon).sqrt()
    scale = try parameters("weight", [channels]) / deviation
    shift = try parameters("bias", [channels]) - parameters("running_mean", [channels]) * scale
  }

  /// `activation(x * scale + shift)` of `[B, ..., C]`.
  public func callAsFunction(_ x: Tensor, activation: Activation = .none) throws -> Tensor {
    try (x * scale + shift).activated(activation)
  }

  /// The convolution with this norm behind it, as one convolution: nothing is left to do when it runs.
  public func folded(into convolution: Conv2d) throws -> Conv2d {
    let outputs = convolution.weight.shape[0]
    let bias = try convolution.bias.map { try $0 * scale + shift } ?? shift
    return Conv2d(
      weight: try convolution.weight * scale.reshaped([outputs, 1, 1, 1]), bias: bias, geometry: convolution.geometry)
  }
}
