// SPDX-License-Identifier: Apache-2.0

/// Group normalisation (Wu and He 2018), optionally followed by SiLU.
public struct GroupNorm: Sendable {
  /// `weight` `[C]`
  public let gamma: Tensor
  /// `bias` `[C]`
  public let beta: Tensor
  /// The number of groups.
  public let groups: Int
  /// Added to the variance.
  public let epsilon: Float

  /// Loads the scale and shift of `channels` channels.
  public init(_ parameters: Parameters, channels: Int, groups: Int, epsilon: Float) throws {
    self.gamma = try parameters("weight", [channels])
    self.beta = try parameters("bias", [channels])
    self.groups = groups
    self.epsilon = epsilon
  }

  /// Normalises `[B, ..., C]` and applies the activation.
  public func callAsFunction(_ x: Tensor, activation: Activation = .none) throws -> Tensor {
    try x.groupNorm(groups: groups, gamma: gamma, beta: beta, epsilon: epsilon, activation: activation)
  }
}

/// Layer normalisation (Ba et al. 2016) over the last axis, epsilon 1e-5.
public struct LayerNorm: Sendable {
  /// `weight` `[C]`
  public let gamma: Tensor
  /// `bias` `[C]`
  public let beta: Tensor

  /// Loads the scale and shift of `channels` channels.
  public init(_ parameters: Parameters, channels: Int) throws {
    self.gamma = try parameters("weight", [channels])
    self.beta = try parameters("bias", [channels])
  }

  /// Normalises `[..., C]`.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try x.layerNorm(gamma: gamma, beta: beta, epsilon: 1e-5)
  }
}
