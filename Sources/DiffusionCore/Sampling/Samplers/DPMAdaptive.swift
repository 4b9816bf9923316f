// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Sampler {
  /// DPM-Solver-23 with ancestral noise (k-diffusion's `sample_dpm_adaptive` with its defaults, eta 1): steps of order 3,
  /// as long as their difference to order 2 allows. It ends at the schedule's smallest sigma, and takes as many steps as
  /// it needs, whatever it is asked for.
  ///
  /// The pictures of a batch share their steps; the one with the largest error decides. How many steps there will be is
  /// told as it looks at the time.
  public static let dpmAdaptive = Sampler("dpm_adaptive", spacing: .own(), isStochastic: true) { run in
    var time = -log(run.denoiser.schedule.sigmaMax)
    let last = -log(run.denoiser.schedule.sigmaMin)
    var control = StepSizeControl()
    var x = try run.start()
    var lower = x
    var completed = 0
    while time < last - 1e-5 {
      let step = try DPMSolverStep(run.denoiser, x, time: time)
      var isAccepted = false
      // Until a length will do. Where the step begins has been evaluated.
      while !isAccepted {
        let next = min(last, time + control.length)
        let (end, noise) = ancestralEnd(from: time, to: next, last: last)
        let middle = try step.evaluation(at: 1 / 3, of: end)
        let (low, high) = (try step.second(to: end, middle: middle), try step.third(to: end, middle: middle))
        isAccepted = try control.accepts(error: control.error(of: low, high, previous: lower))
        guard isAccepted else { continue }
        (time, lower, x) = (next, low, high)
        if noise > 0 { x = try x + run.drawNoise(like: x) * Float(noise) }
      }
      completed += 1
      let left = Int(((last - time) / control.length).rounded(.up))
      try run.report(completed, of: completed + max(0, left), denoised: step.denoised)
    }
    return x
  }
}

/// How long the next step may be, by the errors of those before: the integrating part of k-diffusion's PID controller.
private struct StepSizeControl {
  /// Of the next step, in ln sigma.
  private(set) var length = 0.05
  /// A step of that length is taken whatever its error, so that a network without continuity comes to an end: after some
  /// 1200 steps.
  private static let shortest = 0.005

  /// The difference of two orders, in units of what is allowed, as a root of mean squares; the largest in the batch.
  func error(of lower: Tensor, _ higher: Tensor, previous: Tensor) throws -> Double {
    let (absolute, relative) = (0.0078, 0.05)
    let (low, high, before) = (try lower.floats(), try higher.floats(), try previous.floats())
    let count = low.count / max(1, lower.shape[0])
    return stride(from: 0, to: low.count, by: max(1, count)).map { start in
      let squares = (start..<start + count).reduce(0.0) { sum, index in
        let allowed = max(absolute, relative * Double(max(abs(low[index]), abs(before[index]))))
        let error = Double(low[index] - high[index]) / allowed
        return sum + error * error
      }
      return (squares / Double(count)).squareRoot()
    }.max() ?? 0
  }

  /// Whether a step with that error will do; either way the next length follows from it.
  mutating func accepts(error: Double) -> Bool {
    // No shorter step mends what is not finite: whoever watches the run will see it.
    guard error.isFinite else { return true }
    // k-diffusion's for steps with noise.
    let order = 1.5
    // Growth is bounded by 1 + pi / 2, shrinking by 1 - pi / 4.
    let factor = 1 + atan(pow(1 / (error + 1e-8), 1 / order) - 1)
    let isShortest = length <= Self.shortest
    length = max(length * factor, Self.shortest)
    return factor >= 0.81 || isShortest
  }
}
