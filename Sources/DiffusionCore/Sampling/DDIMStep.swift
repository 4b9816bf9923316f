// SPDX-License-Identifier: Apache-2.0

/// The deterministic DDIM update (eta = 0) on a latent `x = sqrt(abar) x0 + sqrt(1 - abar) eps`:
/// `x_prev = sqrt(abar_prev) x0 + sqrt(1 - abar_prev) eps`.
///
/// J. Song, C. Meng, S. Ermon, "Denoising diffusion implicit models", ICLR 2021, equation 12. `DDIMTimesteps` gives
/// the pairs of abar; abar_prev of the last step is 1 (diffusers' `set_alpha_to_one`), and the result is x0 itself.
public enum DDIMStep {
  /// The update in terms of x and x0, with eps = (x - sqrt(abar) x0) / sqrt(1 - abar) put in.
  ///
  /// - Parameters:
  ///   - abar: at this step, in (0, 1).
  ///   - previousAbar: where the step leads, in [abar, 1].
  public static func weights(abar: Double, previousAbar: Double) -> StepWeights {
    let ratio = ((1 - previousAbar) / (1 - abar)).squareRoot()
    return StepWeights(latent: ratio, denoised: previousAbar.squareRoot() - ratio * abar.squareRoot())
  }

  /// The update in terms of x and the network's prediction, where x0 is not needed for itself.
  ///
  /// With a, s the roots of abar and 1 - abar, and a', s' those of abar_prev, v: `(a' a + s' s) x + (s' a - a' s) v`,
  /// a rotation; eps: `(a' / a) x + (s' - a' s / a) eps`.
  ///
  /// - Parameters:
  ///   - type: what the network predicts.
  ///   - abar: at this step, in (0, 1).
  ///   - previousAbar: where the step leads, in [abar, 1].
  public static func predictionWeights(
    for type: PredictionType, abar: Double, previousAbar: Double
  ) -> PredictionWeights {
    let (signal, noise) = (abar.squareRoot(), (1 - abar).squareRoot())
    let (nextSignal, nextNoise) = (previousAbar.squareRoot(), (1 - previousAbar).squareRoot())
    let x0 = type.x0Weights(signal: signal, noise: noise)
    let eps = type.epsWeights(signal: signal, noise: noise)
    return PredictionWeights(
      latent: nextSignal * x0.latent + nextNoise * eps.latent,
      prediction: nextSignal * x0.prediction + nextNoise * eps.prediction)
  }
}
