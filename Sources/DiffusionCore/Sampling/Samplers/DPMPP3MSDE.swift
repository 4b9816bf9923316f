// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Sampler {
  /// DPM-Solver++(3M) SDE with eta 1 (k-diffusion): corrections from the two steps before.
  public static let dpmpp3MSDE = Sampler(
    "dpmpp_3m_sde", spacing: .sigmas(preferring: .exponential, discardsNextToLast: true), isStochastic: true
  ) { run in
    var x = try run.start()
    var history: [(h: Double, denoised: Tensor)] = []
    for step in run.steps {
      let next = step.next
      let denoised = try run.denoiser.denoised(x, sigma: step.sigma)
      if next == 0 {
        x = denoised
      } else {
        let h = log(step.sigma / next)
        let gain = -expm1(-2 * h)
        // phi_2 and phi_3 of the exponential integrator at h (eta + 1).
        let phi2 = 1 - gain / (2 * h)
        let phi3 = phi2 / (2 * h) - 0.5
        var moved = try x * Float(exp(-2 * h)) + denoised * Float(gain)
        if let last = history.last {
          let r0 = last.h / h
          let first = try (denoised - last.denoised) * Float(1 / r0)
          if history.count > 1 {
            let earlier = history[history.count - 2]
            let r1 = earlier.h / h
            let second = try (last.denoised - earlier.denoised) * Float(1 / r1)
            let difference = try first - second
            moved = try moved + (first + difference * Float(r0 / (r0 + r1))) * Float(phi2)
            moved = try moved - difference * Float(phi3 / (r0 + r1))
          } else {
            moved = try moved + first * Float(phi2)
          }
        }
        x = try moved + run.drawNoise(like: x) * Float(next * gain.squareRoot())
        history = history.suffix(1) + [(h, denoised)]
      }
      try run.report(step, denoised: denoised)
    }
    return x
  }
}
