// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The DPM-Solver++(2M) update in sigma space, as k-diffusion's `sample_dpmpp_2m` has it.
///
/// With lambda = -ln sigma, h = lambda_next - lambda, r = (lambda - lambda_previous) / h:
/// `x' = (sigma_next / sigma) x - expm1(-h) D`, `D = (1 + 1/(2r)) d - 1/(2r) d_previous`. The first step and the step
/// to 0 are of first order: D = d. C. Lu et al., "DPM-Solver++: fast solver for guided sampling of diffusion
/// probabilistic models", 2022, algorithm 2.
public enum DPMPP2MStep {
  /// The multipliers of a step. Those of the two denoised latents sum to 1 - sigma_next / sigma, so that a denoised
  /// latent that no longer changes is kept.
  ///
  /// - Parameters:
  ///   - previousSigma: the sigma of the step before, above `sigma`; nil in the first step.
  ///   - sigma: of this step, above 0.
  ///   - nextSigma: where the step leads, in [0, sigma).
  public static func weights(previousSigma: Double?, sigma: Double, nextSigma: Double) -> StepWeights {
    let ratio = nextSigma / sigma
    // -expm1(-h) with e^-h = sigma_next / sigma; the difference is exact enough and holds for sigma_next = 0.
    let gain = (sigma - nextSigma) / sigma
    guard let previousSigma, nextSigma > 0 else {
      return StepWeights(latent: ratio, denoised: gain)
    }
    let step = log(sigma / nextSigma)
    let lastStep = log(previousSigma / sigma)
    let correction = step / (2 * lastStep)
    return StepWeights(
      latent: ratio, denoised: gain * (1 + correction), previousDenoised: -gain * correction)
  }
}
