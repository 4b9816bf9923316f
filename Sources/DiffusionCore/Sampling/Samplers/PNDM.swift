// SPDX-License-Identifier: Apache-2.0

extension Sampler {
  /// PNDM (Liu et al. 2022) as diffusers has it: nine evaluations more than steps.
  public static let pndm = Sampler(
    "pndm", steps: 4...999, stepLimit: { timesteps, _ in timesteps - 1 }, spacing: .own()
  ) { run in try samplePNDM(run) }
}

/// PNDM as in diffusers: three Runge-Kutta steps, which make the history, then the linear multistep method of order 4,
/// see ``PNDMTimesteps``.
///
/// A slope is the network's prediction, of whatever type; a mean of several predictions is taken to the next timestep as
/// one prediction would be, by DDIM's step.
private func samplePNDM(_ run: borrowing SamplingRun) throws -> Tensor {
  let (denoiser, steps) = (run.denoiser, run.stepCount)
  let schedule = try denoiser.schedule.inSinglePrecision()
  let spaced = try PNDMTimesteps(steps: steps, schedule: schedule)
  let interval = schedule.count / steps
  // Below timestep 0 diffusers stays at timestep 0 (`set_alpha_to_one` off).
  func abar(_ timestep: Int) -> Double { schedule.abar[max(0, timestep)] }
  func step(_ x: Tensor, by prediction: Tensor, from start: Int, to end: Int) throws -> Tensor {
    try DDIMStep.predictionWeights(for: denoiser.predictionType, abar: abar(start), previousAbar: abar(end))
      .applied(to: x, prediction: prediction)
  }
  func denoised(_ x: Tensor, _ prediction: Tensor, at timestep: Int) throws -> Tensor {
    try denoiser.predictionType.x0Weights(
      signal: abar(timestep).squareRoot(), noise: (1 - abar(timestep)).squareRoot()
    ).applied(to: x, prediction: prediction)
  }
  func evaluate(_ x: Tensor, _ timestep: Int) throws -> Tensor {
    try denoiser.prediction(x, timestep: Double(timestep))
  }

  var x = run.noise
  var history: [Tensor] = []
  for index in 0..<3 {
    let (start, middle, end) = (
      spaced.rungeKutta[4 * index], spaced.rungeKutta[4 * index + 1], spaced.rungeKutta[4 * index + 3]
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
    try run.report(index + 1, of: steps, denoised: denoised(x, slope, at: start))
    x = next
  }
  for (index, timestep) in spaced.multistep.enumerated() {
    history = try [evaluate(x, timestep)] + history.prefix(3)
    // Adams-Bashforth of order 4.
    let slope = try zip(history, [55, -59, 37, -9] as [Float]).dropFirst().reduce(history[0] * (55 / 24)) {
      try $0 + $1.0 * ($1.1 / 24)
    }
    let next = try step(x, by: slope, from: timestep, to: timestep - interval)
    try run.report(3 + index + 1, of: steps, denoised: denoised(x, slope, at: timestep))
    x = next
  }
  return x
}
