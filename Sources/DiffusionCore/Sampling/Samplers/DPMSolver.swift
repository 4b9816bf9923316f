import Glibc

/// DPM-Solver with a fixed number of evaluations and ancestral noise (k-diffusion's `sample_dpm_fast`, eta 1): steps of
/// order 3, which evaluate three times each and are evenly spaced in ln sigma, and what is left over in steps of order 2
/// and 1. It ends at the schedule's smallest sigma.
///
/// - Parameter evaluations: at least 1.
func sampleDPMFast(
  _ denoiser: some Denoiser, _ start: Tensor, evaluations: Int, source: inout any NoiseSource,
  observer: SamplingObserver
) throws -> Tensor {
  let steps = evaluations / 3 + 1
  let orders =
    evaluations % 3 == 0
    ? [Int](repeating: 3, count: steps - 2) + [2, 1] : [Int](repeating: 3, count: steps - 1) + [evaluations % 3]
  let (first, last) = (-log(denoiser.schedule.sigmaMax), -log(denoiser.schedule.sigmaMin))
  let times = linspace(first, last, count: steps + 1)
  var x = start
  for (index, order) in orders.enumerated() {
    let step = try DPMSolverStep(denoiser, x, time: times[index])
    let (end, noise) = ancestralEnd(from: times[index], to: times[index + 1], last: last)
    x =
      switch order {
      case 1: try step.first(to: end)
      case 2: try step.second(to: end, middle: step.evaluation(at: 1 / 2, of: end))
      default: try step.third(to: end, middle: step.evaluation(at: 1 / 3, of: end))
      }
    if noise > 0 { x = try x + source.noise(like: x) * Float(noise) }
    try observer(SamplingStep(completed: index + 1, total: steps, denoised: step.denoised))
  }
  return x
}

/// DPM-Solver-23 with ancestral noise (k-diffusion's `sample_dpm_adaptive` with its defaults, eta 1): steps of order 3, as
/// long as their difference to order 2 allows. It ends at the schedule's smallest sigma.
///
/// The pictures of a batch share their steps; the one with the largest error decides. How many steps there will be is
/// told as it looks at the time.
func sampleDPMAdaptive(
  _ denoiser: some Denoiser, _ start: Tensor, source: inout any NoiseSource, observer: SamplingObserver
) throws -> Tensor {
  var time = -log(denoiser.schedule.sigmaMax)
  let last = -log(denoiser.schedule.sigmaMin)
  var control = StepSizeControl()
  var (x, lower) = (start, start)
  var completed = 0
  while time < last - 1e-5 {
    let step = try DPMSolverStep(denoiser, x, time: time)
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
      if noise > 0 { x = try x + source.noise(like: x) * Float(noise) }
    }
    completed += 1
    let left = Int(((last - time) / control.length).rounded(.up))
    try observer(SamplingStep(completed: completed, total: completed + max(0, left), denoised: step.denoised))
  }
  return x
}

/// Where a step with ancestral noise leads without it, no further than `last`, and how much noise leads back from there.
private func ancestralEnd(from start: Double, to next: Double, last: Double) -> (time: Double, noise: Double) {
  let end = min(last, -log(ancestralStep(from: exp(-start), to: exp(-next)).down))
  return (end, max(0, exp(-2 * next) - exp(-2 * end)).squareRoot())
}

/// A step of the single-step solvers of C. Lu et al., "DPM-Solver" (NeurIPS 2022), on sigmas.
///
/// With the time `t = -ln sigma`, `h = t' - t` and the noise `eps = (x - denoised) / sigma`, a constant eps leads to
/// `x' = x - sigma' (e^h - 1) eps`; higher orders add what eps changes by on the way.
private struct DPMSolverStep<Model: Denoiser> {
  private let denoiser: Model
  private let x: Tensor
  private let time: Double
  /// The model's output where the step begins.
  let denoised: Tensor
  private let noise: Tensor

  /// The noise at a part of the way.
  struct Evaluation {
    let part: Double
    /// What it is more than at the beginning.
    let change: Tensor
  }

  init(_ denoiser: Model, _ x: Tensor, time: Double) throws {
    self.denoiser = denoiser
    self.x = x
    self.time = time
    denoised = try denoiser.denoised(x, sigma: exp(-time))
    noise = try (x - denoised) * Float(exp(time))
  }

  /// Evaluates a part of the way to `end`, where a step of order 1 leads.
  func evaluation(at part: Double, of end: Double) throws -> Evaluation {
    let there = time + part * (end - time)
    return try evaluation(first(to: there), at: part, time: there)
  }

  private func evaluation(_ x: Tensor, at part: Double, time: Double) throws -> Evaluation {
    let found = try (x - denoiser.denoised(x, sigma: exp(-time))) * Float(exp(time))
    return Evaluation(part: part, change: try found - noise)
  }

  /// Order 1.
  func first(to end: Double) throws -> Tensor { try x - noise * Float(exp(-end) * expm1(end - time)) }

  /// Order 2, by the noise at one place on the way.
  func second(to end: Double, middle: Evaluation) throws -> Tensor {
    try first(to: end) - middle.change * Float(exp(-end) / (2 * middle.part) * expm1(end - time))
  }

  /// Order 3, by the noise at a place before two thirds of the way, and there.
  func third(to end: Double, middle: Evaluation) throws -> Tensor {
    func correction(over h: Double) -> Double { expm1(h) / h - 1 }
    let h = end - time
    let part = 2.0 / 3
    let there = time + part * h
    let guess =
      try first(to: there) - middle.change * Float(exp(-there) * part / middle.part * correction(over: part * h))
    let late = try evaluation(guess, at: part, time: there)
    return try first(to: end) - late.change * Float(exp(-end) / part * correction(over: h))
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
