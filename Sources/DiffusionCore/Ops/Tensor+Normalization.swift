// SPDX-License-Identifier: Apache-2.0

extension Tensor {
  /// `(x - mean) / sqrt(var + epsilon) * gamma + beta` over the last axis; `gamma` and `beta` are `[C]`.
  public func layerNorm(gamma: Tensor, beta: Tensor, epsilon: Float) throws -> Tensor {
    precondition(gamma.shape == [shape[shape.rank - 1]] && beta.shape == gamma.shape, "gamma and beta are not [C]")
    return try result(shape) {
      try backend.layerNorm(operand, gamma: gamma.operand, beta: beta.operand, epsilon: epsilon, to: $0)
    }
  }

  /// Group normalisation (Wu and He 2018) of `[B, ..., C]`, then the activation.
  ///
  /// Each sample's channels are split into `groups` runs of `C / groups`; each run is normalised over its channels and
  /// all positions, with the biased variance. `gamma` and `beta` are `[C]`.
  public func groupNorm(
    groups: Int, gamma: Tensor, beta: Tensor, epsilon: Float, activation: Activation = .none
  ) throws -> Tensor {
    let channels = shape[shape.rank - 1]
    precondition(groups > 0 && channels % groups == 0, "\(channels) channels in \(groups) groups")
    precondition(gamma.shape == [channels] && beta.shape == gamma.shape, "gamma and beta are not [C]")
    let tokens = try reshaped([shape[0], shape.dropFirst().dropLast().reduce(1, *), channels])
    return try result(tokens.shape) {
      try backend.groupNorm(
        tokens.operand, groups: groups, gamma: gamma.operand, beta: beta.operand, epsilon: epsilon,
        activation: activation, to: $0)
    }.reshaped(shape)
  }

  /// Instance normalisation (Ulyanov et al. 2016) of `[B, ..., C]`, then the activation: each channel of each sample by
  /// itself, over all positions.
  ///
  /// - Parameters:
  ///   - gamma: `[C]`; nil for 1.
  ///   - beta: `[C]`; nil for 0.
  public func instanceNorm(
    gamma: Tensor? = nil, beta: Tensor? = nil, epsilon: Float, activation: Activation = .none
  ) throws -> Tensor {
    let channels = shape[shape.rank - 1]
    func parameter(_ given: Tensor?, or value: Float) throws -> Tensor {
      try given ?? Tensor(repeating: value, shape: [channels], on: backend)
    }
    return try groupNorm(
      groups: channels, gamma: parameter(gamma, or: 1), beta: parameter(beta, or: 0), epsilon: epsilon,
      activation: activation)
  }
}
