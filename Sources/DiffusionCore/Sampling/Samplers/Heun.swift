// SPDX-License-Identifier: Apache-2.0

extension Sampler {
  /// Heun's method, two evaluations a step, second order: Euler, then a second step with the mean of both slopes; the
  /// step to 0 is Euler's (Karras et al. 2022, algorithm 1).
  public static let heun = Sampler("heun") { run in
    var x = try run.start()
    for step in run.steps {
      let (sigma, next) = (step.sigma, step.next)
      let denoised = try run.denoiser.denoised(x, sigma: sigma)
      let predicted = try SigmaStep.euler(x, denoised, from: sigma, to: next)
      if next == 0 {
        x = predicted
      } else {
        let slope = try (x - denoised) * Float(1 / sigma)
        let slopeThere = try (predicted - run.denoiser.denoised(predicted, sigma: next)) * Float(1 / next)
        x = try x + (slope + slopeThere) * Float((next - sigma) / 2)
      }
      try run.report(step, denoised: denoised)
    }
    return x
  }
}
