// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Sampler {
  /// Euler's method with churn (T. Karras et al., "Elucidating the design space of diffusion-based generative models",
  /// NeurIPS 2022, algorithm 2): each step first adds a little noise, and begins from the larger sigma.
  static let eulerChurn = Sampler("euler_churn", aliases: ["churn"], isStochastic: true) { run in
    let churn = 5.0
    let gamma = min(churn / Double(run.stepCount), 2.0.squareRoot() - 1)
    var x = try run.start()
    for step in run.steps {
      var sigma = step.sigma
      // The first step begins at the largest sigma that the model knows.
      if step.index > 0 {
        sigma *= 1 + gamma
        let added = (sigma * sigma - step.sigma * step.sigma).squareRoot()
        x = try x + run.drawNoise(like: x) * Float(added)
      }
      let denoised = try run.denoiser.denoised(x, sigma: sigma)
      x = try SigmaStep.euler(x, denoised, from: sigma, to: step.next)
      try run.report(step, denoised: denoised)
    }
    return x
  }
}
