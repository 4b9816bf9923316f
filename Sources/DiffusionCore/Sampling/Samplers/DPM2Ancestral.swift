// SPDX-License-Identifier: Apache-2.0

extension Sampler {
  /// DPM-Solver-2 with ancestral noise: as DPM2, to a lower sigma than asked for, then fresh noise up to it (k-diffusion's
  /// `sample_dpm_2_ancestral`, eta 1).
  public static let dpm2Ancestral = Sampler(
    "dpm2_a", aliases: ["dpm2_ancestral"], spacing: .sigmas(preferring: .karras, discardsNextToLast: true),
    isStochastic: true
  ) { run in
    var x = try run.start()
    for step in run.steps {
      let denoised = try run.denoiser.denoised(x, sigma: step.sigma)
      let (down, up) = SigmaStep.ancestral(from: step.sigma, to: step.next)
      x = try SigmaStep.midpoint(run.denoiser, x, denoised, from: step.sigma, to: down)
      if step.next > 0 { x = try x + run.drawNoise(like: x) * Float(up) }
      try run.report(step, denoised: denoised)
    }
    return x
  }
}
