/// DDIM with eta 0, see ``DDIMStep``.
func sampleDDIM(_ denoiser: some Denoiser, noise: Tensor, steps: Int, observer: SamplingObserver) throws -> Tensor {
  let run = try DDIMTimesteps(steps: steps, schedule: denoiser.schedule.inSinglePrecision())
  var x = noise
  for (index, timestep) in run.timesteps.enumerated() {
    let abar = run.abar[index]
    let predicted = try denoiser.prediction(x, timestep: Double(timestep))
    let denoised = try denoiser.predictionType.x0Weights(
      signal: abar.squareRoot(), noise: (1 - abar).squareRoot()
    ).applied(to: x, prediction: predicted)
    x = try run.weights(at: index).applied(to: x, denoised: denoised, previousDenoised: nil)
    try observer(SamplingStep(completed: index + 1, total: steps, denoised: denoised))
  }
  return x
}

/// DPM-Solver++ multistep of order 2, see ``DPMSolverMultistep``.
func sampleDPMSolver(
  _ denoiser: some Denoiser, noise: Tensor, steps: Int, karras: Bool, observer: SamplingObserver
) throws -> Tensor {
  let run = try DPMSolverTimesteps(steps: steps, schedule: denoiser.schedule.inSinglePrecision(), karras: karras)
  var x = noise
  var previous: Tensor?
  for (index, timestep) in run.timesteps.enumerated() {
    let predicted = try denoiser.prediction(x, timestep: Double(timestep))
    let scales = DPMSolverMultistep.scales(sigma: run.sigmas[index])
    let denoised = try denoiser.predictionType.x0Weights(signal: scales.signal, noise: scales.noise)
      .applied(to: x, prediction: predicted)
    x = try run.weights(at: index).applied(to: x, denoised: denoised, previousDenoised: previous)
    previous = denoised
    try observer(SamplingStep(completed: index + 1, total: steps, denoised: denoised))
  }
  return x
}

extension PredictionWeights {
  /// `latent * x + prediction * p`.
  func applied(to x: Tensor, prediction p: Tensor) throws -> Tensor {
    try x * Float(latent) + p * Float(prediction)
  }
}

extension NoiseSchedule {
  /// The same process with the rounding of the diffusers library.
  func inSinglePrecision() throws -> NoiseSchedule { try NoiseSchedule(configuration, precision: .single) }
}
