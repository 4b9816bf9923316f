// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Sampler {
  /// DPM-Solver with a fixed number of evaluations (Lu et al. 2022) and ancestral noise (k-diffusion's `sample_dpm_fast`,
  /// eta 1). Its number of steps is that of evaluations.
  ///
  /// Steps of order 3, which evaluate three times each and are evenly spaced in ln sigma, and what is left over in steps
  /// of order 2 and 1. It ends at the schedule's smallest sigma.
  public static let dpmFast = Sampler("dpm_fast", spacing: .own(), isStochastic: true) { run in
    let (evaluations, steps) = (run.stepCount, run.stepCount / 3 + 1)
    let orders =
      evaluations % 3 == 0
      ? [Int](repeating: 3, count: steps - 2) + [2, 1] : [Int](repeating: 3, count: steps - 1) + [evaluations % 3]
    let (first, last) = (-log(run.denoiser.schedule.sigmaMax), -log(run.denoiser.schedule.sigmaMin))
    let times = linspace(first, last, count: steps + 1)
    var x = try run.start()
    for (index, order) in orders.enumerated() {
      let step = try DPMSolverStep(run.denoiser, x, time: times[index])
      let (end, noise) = ancestralEnd(from: times[index], to: times[index + 1], last: last)
      x =
        switch order {
        case 1: try step.first(to: end)
        case 2: try step.second(to: end, middle: step.evaluation(at: 1 / 2, of: end))
        default: try step.third(to: end, middle: step.evaluation(at: 1 / 3, of: end))
        }
      if noise > 0 { x = try x + run.drawNoise(like: x) * Float(noise) }
      try run.report(index + 1, of: steps, denoised: step.denoised)
    }
    return x
  }
}
