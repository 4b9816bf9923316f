// SPDX-License-Identifier: Apache-2.0

extension Sampler {
  /// DPM-Solver++(2M) on sigmas (Lu et al. 2022), one evaluation a step, second order, deterministic: see
  /// ``DPMPP2MStep``.
  public static let dpmpp2M = Sampler("dpmpp_2m", spacing: .sigmas(preferring: .karras)) { run in
    var x = try run.start()
    var previous: (sigma: Double, denoised: Tensor)?
    for step in run.steps {
      let denoised = try run.denoiser.denoised(x, sigma: step.sigma)
      let weights = DPMPP2MStep.weights(
        previousSigma: previous?.sigma, sigma: step.sigma, nextSigma: step.next)
      x = try weights.applied(to: x, denoised: denoised, previousDenoised: previous?.denoised)
      previous = (step.sigma, denoised)
      try run.report(step, denoised: denoised)
    }
    return x
  }
}

extension StepWeights {
  /// `latent * x + denoised * d + previousDenoised * d_previous`.
  public func applied(to x: Tensor, denoised d: Tensor, previousDenoised: Tensor?) throws -> Tensor {
    let next = try x * Float(latent) + d * Float(denoised)
    guard let previousDenoised, self.previousDenoised != 0 else { return next }
    return try next + previousDenoised * Float(self.previousDenoised)
  }
}
