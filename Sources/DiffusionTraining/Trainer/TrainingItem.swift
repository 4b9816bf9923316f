// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A sample to learn from, as far as it is the same in every step. Tensors are of one row.
public struct TrainingItem: Sendable {
  /// The coloured picture's latent, scaled, `[1, h, w, C]`.
  public var latent: Tensor?
  /// The lines, +1 on -1, `[1, H, W, 1]`: where the sketch encoder learns.
  public var lines: Tensor?
  /// The sketch encoder's features: where it is frozen.
  public var hints: [Tensor]?
  /// The figure at latent size, soft, `[1, h, w, 1]`.
  public var mask: Tensor?
  /// How much each place of the latent counts, `[1, h, w, 1]`; nil where all count alike.
  public var weight: Tensor?
  /// The reference's tokens, `[1, M, C]`: where the image encoder is frozen.
  public var tokens: Tensor?
  /// The tokens of the reference without its figure.
  public var backgroundTokens: Tensor?
  /// The reference as the image encoder takes it, `[1, S, S, 3]`: where that learns.
  public var reference: Tensor?
  /// The same without its figure.
  public var background: Tensor?
  /// Where the reference's mask was cut.
  public var referenceThreshold: Float
  /// The coloured picture, -1...1, `[1, H, W, 3]`: where the autoencoder learns.
  public var picture: Tensor?

  /// A sample without anything yet.
  public init(referenceThreshold: Float = 0.5) { self.referenceThreshold = referenceThreshold }
}

/// What a step did.
public struct StepReport: Sendable, Hashable, Codable {
  /// The step, counted from 0.
  public var step: Int
  /// The loss before it.
  public var loss: Double
  /// The length of the gradient before clipping.
  public var gradientNorm: Double
  /// The learning rate.
  public var rate: Double

  /// A report.
  public init(step: Int, loss: Double, gradientNorm: Double, rate: Double) {
    self.step = step
    self.loss = loss
    self.gradientNorm = gradientNorm
    self.rate = rate
  }
}
