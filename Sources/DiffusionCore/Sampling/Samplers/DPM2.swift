// SPDX-License-Identifier: Apache-2.0

extension Sampler {
  /// DPM-Solver-2 (k-diffusion's `sample_dpm_2`, without churn), two evaluations a step: the slope at the geometric middle
  /// of the step.
  public static let dpm2 = Sampler("dpm2", spacing: .sigmas(preferring: .karras, discardsNextToLast: true)) { run in
    var x = try run.start()
    for step in run.steps {
      let denoised = try run.denoiser.denoised(x, sigma: step.sigma)
      x = try SigmaStep.midpoint(run.denoiser, x, denoised, from: step.sigma, to: step.next)
      try run.report(step, denoised: denoised)
    }
    return x
  }
}
