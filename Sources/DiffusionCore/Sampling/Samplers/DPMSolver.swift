// SPDX-License-Identifier: Apache-2.0

extension Sampler {
  /// DPM-Solver++ multistep of order 2 as in diffusers, the default of the published application: see
  /// ``DPMSolverMultistep`` and ``DPMSolverTimesteps``.
  public static let dpmSolver = Sampler(
    "dpm_solver", aliases: ["dpm_solver_multistep"], steps: 1...999,
    stepLimit: { timesteps, isKarras in isKarras ? timesteps : timesteps - 2 }, spacing: .own(knowsKarras: true)
  ) { run in
    let spaced = try DPMSolverTimesteps(
      steps: run.stepCount, schedule: run.denoiser.schedule.inSinglePrecision(), karras: run.schedule == .karras)
    var x = run.noise
    var previous: Tensor?
    for (index, timestep) in spaced.timesteps.enumerated() {
      let predicted = try run.denoiser.prediction(x, timestep: Double(timestep))
      let scales = DPMSolverMultistep.scales(sigma: spaced.sigmas[index])
      let denoised = try run.denoiser.predictionType.x0Weights(signal: scales.signal, noise: scales.noise)
        .applied(to: x, prediction: predicted)
      x = try spaced.weights(at: index).applied(to: x, denoised: denoised, previousDenoised: previous)
      previous = denoised
      try run.report(index + 1, of: run.stepCount, denoised: denoised)
    }
    return x
  }
}
