// SPDX-License-Identifier: Apache-2.0

extension Sampler {
  /// DDIM (Song et al. 2021), eta 0, as diffusers spaces it: see ``DDIMStep`` and ``DDIMTimesteps``.
  public static let ddim = Sampler(
    "ddim", steps: 1...999, stepLimit: { timesteps, _ in timesteps - 1 }, spacing: .own()
  ) { run in
    let spaced = try DDIMTimesteps(steps: run.stepCount, schedule: run.denoiser.schedule.inSinglePrecision())
    var x = run.noise
    for (index, timestep) in spaced.timesteps.enumerated() {
      let abar = spaced.abar[index]
      let predicted = try run.denoiser.prediction(x, timestep: Double(timestep))
      let denoised = try run.denoiser.predictionType.x0Weights(
        signal: abar.squareRoot(), noise: (1 - abar).squareRoot()
      ).applied(to: x, prediction: predicted)
      x = try spaced.weights(at: index).applied(to: x, denoised: denoised, previousDenoised: nil)
      try run.report(index + 1, of: run.stepCount, denoised: denoised)
    }
    return x
  }
}

extension PredictionWeights {
  /// `latent * x + prediction * p`.
  public func applied(to x: Tensor, prediction p: Tensor) throws -> Tensor {
    try x * Float(latent) + p * Float(prediction)
  }
}

extension NoiseSchedule {
  /// The same process with the rounding of the diffusers library.
  func inSinglePrecision() throws -> NoiseSchedule { try NoiseSchedule(configuration, precision: .single) }
}
