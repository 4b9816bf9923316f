// SPDX-License-Identifier: Apache-2.0

extension Sampler {
  /// DPM-Solver++ SDE, two evaluations a step (k-diffusion's `sample_dpmpp_sde`, eta 1, r 1/2).
  ///
  /// The noise of the half step and that of the whole step are parts of one Brownian path, whose variance is the fall in
  /// sigma: the whole is the half plus what comes after it.
  public static let dpmppSDE = Sampler(
    "dpmpp_sde", spacing: .sigmas(preferring: .karras), isStochastic: true
  ) { run in
    var x = try run.start()
    for step in run.steps {
      let (sigma, next) = (step.sigma, step.next)
      let denoised = try run.denoiser.denoised(x, sigma: sigma)
      if next == 0 {
        x = try SigmaStep.euler(x, denoised, from: sigma, to: 0)
      } else {
        let middle = (sigma * next).squareRoot()
        let half = try run.drawNoise(like: x)
        let (halfDown, halfUp) = SigmaStep.ancestral(from: sigma, to: middle)
        let there = try SigmaStep.euler(x, denoised, from: sigma, to: halfDown) + half * Float(halfUp)
        let corrected = try run.denoiser.denoised(there, sigma: middle)

        let whole =
          try half * Float(((sigma - middle) / (sigma - next)).squareRoot())
          + run.drawNoise(like: x) * Float(((middle - next) / (sigma - next)).squareRoot())
        let (down, up) = SigmaStep.ancestral(from: sigma, to: next)
        x = try SigmaStep.euler(x, corrected, from: sigma, to: down) + whole * Float(up)
      }
      try run.report(step, denoised: denoised)
    }
    return x
  }
}
