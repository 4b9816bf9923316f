// SPDX-License-Identifier: Apache-2.0

extension Sampler {
  /// DPM-Solver++(2S) with ancestral noise, two evaluations a step (k-diffusion's `sample_dpmpp_2s_ancestral`, eta 1).
  ///
  /// The second evaluation stands at the geometric middle of the step; with lambda = -ln sigma, a step over h is
  /// `x' = e^-h x + (1 - e^-h) d`, and `e^-h` is the ratio of the sigmas.
  public static let dpmpp2SAncestral = Sampler(
    "dpmpp_2s_a", aliases: ["dpmpp_2s_ancestral"], spacing: .sigmas(preferring: .karras), isStochastic: true
  ) { run in
    var x = try run.start()
    for step in run.steps {
      let denoised = try run.denoiser.denoised(x, sigma: step.sigma)
      let (down, up) = SigmaStep.ancestral(from: step.sigma, to: step.next)
      if down == 0 {
        x = try SigmaStep.euler(x, denoised, from: step.sigma, to: 0)
      } else {
        let middle = (step.sigma * down).squareRoot()
        let there = try SigmaStep.euler(x, denoised, from: step.sigma, to: middle)
        x = try SigmaStep.euler(x, run.denoiser.denoised(there, sigma: middle), from: step.sigma, to: down)
      }
      if step.next > 0 { x = try x + run.drawNoise(like: x) * Float(up) }
      try run.report(step, denoised: denoised)
    }
    return x
  }
}
