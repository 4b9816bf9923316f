// SPDX-License-Identifier: Apache-2.0

extension Sampler {
  /// Euler's method (Karras et al. 2022, algorithm 2 without churn): `x += (sigma' - sigma) (x - denoised) / sigma`.
  public static let euler = Sampler("euler") { run in
    var x = try run.start()
    for step in run.steps {
      let denoised = try run.denoiser.denoised(x, sigma: step.sigma)
      x = try SigmaStep.euler(x, denoised, from: step.sigma, to: step.next)
      try run.report(step, denoised: denoised)
    }
    return x
  }
}
