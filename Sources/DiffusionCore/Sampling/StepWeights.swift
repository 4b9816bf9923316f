// SPDX-License-Identifier: Apache-2.0

/// The multipliers of one sampler update, a single linear combination:
/// `x_next = latent * x + denoised * d + previousDenoised * d_previous`.
///
/// d is the (guided) denoised latent of this step and d_previous that of the step before. A multiplier of 0 means that
/// its tensor need not exist.
public struct StepWeights: Sendable, Hashable {
  /// What the noisy latent x is multiplied by.
  public let latent: Double
  /// What this step's denoised latent is multiplied by.
  public let denoised: Double
  /// What the denoised latent of the step before is multiplied by; 0 in a first-order step.
  public let previousDenoised: Double

  /// Makes the multipliers of an update.
  public init(latent: Double, denoised: Double, previousDenoised: Double = 0) {
    self.latent = latent
    self.denoised = denoised
    self.previousDenoised = previousDenoised
  }
}
