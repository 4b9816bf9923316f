/// PNDM as in diffusers: three Runge-Kutta steps, which make the history, then the linear multistep method of order 4,
/// see ``PNDMTimesteps``.
///
/// A slope is the network's prediction, of whatever type; a mean of several predictions is taken to the next timestep as
/// one prediction would be, by DDIM's step.
func samplePNDM(_ denoiser: some Denoiser, noise: Tensor, steps: Int, observer: SamplingObserver) throws -> Tensor {
  let schedule = try denoiser.schedule.inSinglePrecision()
  let run = try PNDMTimesteps(steps: steps, schedule: schedule)
  let interval = schedule.count / steps
  // Below timestep 0 diffusers stays at timestep 0 (`set_alpha_to_one` off).
  func abar(_ timestep: Int) -> Double { schedule.abar[max(0, timestep)] }
  func step(_ x: Tensor, by prediction: Tensor, from start: Int, to end: Int) throws -> Tensor {
    try DDIMStep.predictionWeights(for: denoiser.predictionType, abar: abar(start), previousAbar: abar(end))
      .applied(to: x, prediction: prediction)
  }
  func report(_ completed: Int, _ x: Tensor, _ prediction: Tensor, at timestep: Int) throws {
    let denoised = try denoiser.predictionType.x0Weights(
      signal: abar(timestep).squareRoot(), noise: (1 - abar(timestep)).squareRoot()
    ).applied(to: x, prediction: prediction)
    try observer(SamplingStep(completed: completed, total: steps, denoised: denoised))
  }
  func evaluate(_ x: Tensor, _ timestep: Int) throws -> Tensor {
    try denoiser.prediction(x, timestep: Double(timestep))
  }

  var x = noise
  var history: [Tensor] = []
  for index in 0..<3 {
    let (start, middle, end) = (
      run.rungeKutta[4 * index], run.rungeKutta[4 * index + 1], run.rungeKutta[4 * index + 3]
    )
    let half = interval / 2
    let first = try evaluate(x, start)
    // The evaluations stand where the timesteps say, the latents half an interval after the start: as there.
    let second = try evaluate(step(x, by: first, from: start, to: start - half), middle)
    let third = try evaluate(step(x, by: second, from: start, to: middle), middle)
    let fourth = try evaluate(step(x, by: third, from: start, to: middle - half), end)
    let slope = try first * (1 / 6) + second * (1 / 3) + third * (1 / 3) + fourth * (1 / 6)
    let next = try step(x, by: slope, from: start, to: end)
    history = [first] + history
    try report(index + 1, x, slope, at: start)
    x = next
  }
  for (index, timestep) in run.multistep.enumerated() {
    history = try [evaluate(x, timestep)] + history.prefix(3)
    // Adams-Bashforth of order 4.
    let slope = try zip(history, [55, -59, 37, -9] as [Float]).dropFirst().reduce(history[0] * (55 / 24)) {
      try $0 + $1.0 * ($1.1 / 24)
    }
    let next = try step(x, by: slope, from: timestep, to: timestep - interval)
    try report(3 + index + 1, x, slope, at: timestep)
    x = next
  }
  return x
}
