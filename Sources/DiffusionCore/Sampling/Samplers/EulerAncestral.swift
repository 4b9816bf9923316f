// SPDX-License-Identifier: Apache-2.0

extension Sampler {
  /// Euler's method with ancestral noise: to a lower sigma than asked for, then fresh noise up to it.
  public static let eulerAncestral = Sampler("euler_a", aliases: ["euler_ancestral"], isStochastic: true) { run in
    var x = try run.start()
    for step in run.steps {
      let denoised = try run.denoiser.denoised(x, sigma: step.sigma)
      let (down, up) = SigmaStep.ancestral(from: step.sigma, to: step.next)
      x = try SigmaStep.euler(x, denoised, from: step.sigma, to: down)
      if step.next > 0 { x = try x + run.drawNoise(like: x) * Float(up) }
      try run.report(step, denoised: denoised)
    }
    return x
  }
}
