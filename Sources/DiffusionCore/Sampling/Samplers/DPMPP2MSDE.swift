// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Sampler {
  /// DPM-Solver++(2M) SDE, midpoint form.
  public static let dpmpp2MSDE = Sampler(
    "dpmpp_2m_sde", spacing: .sigmas(preferring: .exponential), isStochastic: true
  ) { run in try sampleDPMPP2MSDE(&run, heun: false) }

  /// DPM-Solver++(2M) SDE, Heun form.
  public static let dpmpp2MSDEHeun = Sampler(
    "dpmpp_2m_sde_heun", spacing: .sigmas(preferring: .exponential), isStochastic: true
  ) { run in try sampleDPMPP2MSDE(&run, heun: true) }
}

/// DPM-Solver++(2M) SDE with eta 1 (Lu et al. 2022; k-diffusion's midpoint and Heun forms).
///
/// With lambda = -ln sigma, h = lambda' - lambda: `x' = (sigma'/sigma) e^-h x + (1 - e^-2h) d`, a correction from the
/// denoised latent of the step before, and noise of deviation `sigma' sqrt(1 - e^-2h)`.
private func sampleDPMPP2MSDE(_ run: inout SamplingRun, heun: Bool) throws -> Tensor {
  var x = try run.start()
  var previous: (h: Double, denoised: Tensor)?
  for step in run.steps {
    let (sigma, next) = (step.sigma, step.next)
    let denoised = try run.denoiser.denoised(x, sigma: sigma)
    if next == 0 {
      x = denoised
    } else {
      let h = log(sigma / next)
      let gain = -expm1(-2 * h)
      var moved = try x * Float(next / sigma * exp(-h)) + denoised * Float(gain)
      if let previous {
        let ratio = previous.h / h
        let weight = (heun ? gain / (-2 * h) + 1 : gain / 2) / ratio
        moved = try moved + (denoised - previous.denoised) * Float(weight)
      }
      x = try moved + run.drawNoise(like: x) * Float(next * gain.squareRoot())
      previous = (h, denoised)
    }
    try run.report(step, denoised: denoised)
  }
  return x
}
