// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The DPM-Solver++ multistep update of order 2 on a latent `x = alpha x0 + s eps`, as diffusers'
/// `DPMSolverMultistepScheduler` has it (midpoint, lower_order_final, final sigma 0).
///
/// With alpha = 1 / sqrt(sigma^2 + 1), s = sigma alpha, lambda = ln(alpha / s) = -ln sigma, h = lambda_next - lambda
/// and r = (lambda - lambda_previous) / h:
/// `x' = (s_next / s) x - alpha_next (e^-h - 1) (d + (d - d_previous) / (2r))`.
/// The first step and the step to 0 are of first order, without the last term. In sigma space (x / alpha) this is
/// `DPMPP2MStep`; only the latent's scale is different. C. Lu et al., "DPM-Solver++", 2022.
public enum DPMSolverMultistep {
  /// The multipliers of a step; d is x0 as `PredictionType.x0Weights` gives it with `scales(sigma:)`.
  ///
  /// - Parameters:
  ///   - previousSigma: the sigma of the step before, above `sigma`; nil in the first step.
  ///   - sigma: of this step, above 0.
  ///   - nextSigma: where the step leads, in [0, sigma).
  public static func weights(previousSigma: Double?, sigma: Double, nextSigma: Double) -> StepWeights {
    let (signal, _) = scales(sigma: sigma)
    let (nextSignal, _) = scales(sigma: nextSigma)
    let inSigmaSpace = DPMPP2MStep.weights(
      previousSigma: previousSigma, sigma: sigma, nextSigma: nextSigma)
    return StepWeights(
      latent: inSigmaSpace.latent * nextSignal / signal,
      denoised: inSigmaSpace.denoised * nextSignal,
      previousDenoised: inSigmaSpace.previousDenoised * nextSignal)
  }

  /// alpha and s of a sigma: the image's and the noise's share, `alpha^2 + s^2 = 1`.
  ///
  /// - Parameter sigma: at least 0.
  public static func scales(sigma: Double) -> (signal: Double, noise: Double) {
    let signal = 1 / (sigma * sigma + 1).squareRoot()
    return (signal, sigma * signal)
  }
}
