// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Losses, each a scalar of shape `[1]`.
public enum Loss {
  /// The mean of `(a - b)^2` over all elements.
  ///
  /// - Throws: `BackendError`.
  public static func meanSquaredError(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let difference = try a - b
    return try mean(difference * difference)
  }

  /// The mean of `|a - b|` over all elements.
  ///
  /// - Throws: `BackendError`.
  public static func meanAbsoluteError(_ a: Tensor, _ b: Tensor) throws -> Tensor { try mean((a - b).abs()) }

  /// The divergence of normal distributions from the standard one (Kingma and Welling 2014, appendix B):
  /// `sum (mean^2 + e^logvar - 1 - logvar) / 2` over a sample, then the mean over the samples, the first axis.
  ///
  /// - Throws: `BackendError`.
  public static func divergence(mean: Tensor, logVariance: Tensor) throws -> Tensor {
    let terms = try mean * mean + logVariance.exp() - logVariance + -1
    return try flat(terms).sum() * (0.5 / Float(mean.shape[0]))
  }

  private static func mean(_ x: Tensor) throws -> Tensor { try flat(x).mean() }

  private static func flat(_ x: Tensor) throws -> Tensor { try x.reshaped([x.shape.elementCount]) }
}
