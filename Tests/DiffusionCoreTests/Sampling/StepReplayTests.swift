// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

/// Replays recorded runs: the recorded denoised latents or predictions go in, the recorded latents must come out.
@Suite struct StepReplayTests {
  private let fixtures: FixtureTable

  init() throws {
    fixtures = try FixtureTable("sampling")
  }

  private func combine(_ weights: StepWeights, _ x: [Double], _ denoised: [Double], _ previous: [Double]?) -> [Double] {
    x.indices.map { index in
      let last = previous.map { weights.previousDenoised * $0[index] } ?? 0
      return weights.latent * x[index] + weights.denoised * denoised[index] + last
    }
  }

  private func combine(_ weights: PredictionWeights, _ x: [Double], _ prediction: [Double]) -> [Double] {
    zip(x, prediction).map { weights.latent * $0 + weights.prediction * $1 }
  }

  /// Runs all steps, each from the recorded latent and also from the replay's own.
  private func replay(_ name: String, denoised: [[Double]], weights: (Int) -> StepWeights) throws {
    let recorded = try fixtures.rows(name + ".x")
    var own = recorded[0]
    for (index, current) in denoised.enumerated() {
      let previous = index > 0 ? denoised[index - 1] : nil
      let next = combine(weights(index), recorded[index], current, previous)
      #expect(relativeL2(next, recorded[index + 1]) < 1e-5, "\(name) step \(index)")
      own = combine(weights(index), own, current, previous)
    }
    #expect(relativeL2(own, recorded[denoised.count]) < 1e-5, "\(name) final")
  }

  @Test(arguments: ["dpmpp_2m_karras_dual", "dpmpp_2m_bg_dual"])
  func dpmpp2m(name: String) throws {
    let sigmas = try SigmaSchedule.karras.sigmas(steps: 8, schedule: NoiseSchedule())
    #expect(try largestRelativeError(sigmas.dropLast(), fixtures.doubles(name + ".sigma")) < 1e-6)
    try replay(name, denoised: fixtures.rows(name + ".denoised")) { index in
      DPMPP2MStep.weights(
        previousSigma: index > 0 ? sigmas[index - 1] : nil, sigma: sigmas[index], nextSigma: sigmas[index + 1])
    }
  }

  @Test(arguments: [
    ("diffuser_dpm", PredictionType.v, false), ("diffuser_dpm_dual", .v, false),
    ("diffuser_dpm_karras", .v, true), ("diffuser_dpm_eps", .eps, false),
  ])
  func dpmSolver(name: String, type: PredictionType, karras: Bool) throws {
    let plan = try DPMSolverTimesteps(steps: 8, schedule: NoiseSchedule(precision: .single), karras: karras)
    #expect(try plan.timesteps.map(Double.init) == fixtures.doubles(name + ".timestep"))
    let recorded = try fixtures.rows(name + ".x")
    let denoised = try fixtures.rows(name + ".pred").enumerated().map { index, prediction in
      let (signal, noise) = DPMSolverMultistep.scales(sigma: plan.sigmas[index])
      return combine(type.x0Weights(signal: signal, noise: noise), recorded[index], prediction)
    }
    try replay(name, denoised: denoised) { plan.weights(at: $0) }
  }

  @Test func ddim() throws {
    let plan = try DDIMTimesteps(steps: 8, schedule: NoiseSchedule(precision: .single))
    let name = "diffuser_ddim"
    #expect(try plan.timesteps.map(Double.init) == fixtures.doubles(name + ".timestep"))
    let recorded = try fixtures.rows(name + ".x")
    let predictions = try fixtures.rows(name + ".pred")
    let denoised = predictions.enumerated().map { index, prediction in
      let (signal, noise) = (plan.abar[index].squareRoot(), (1 - plan.abar[index]).squareRoot())
      return combine(PredictionType.v.x0Weights(signal: signal, noise: noise), recorded[index], prediction)
    }
    try replay(name, denoised: denoised) { plan.weights(at: $0) }
    for index in predictions.indices {
      let weights = DDIMStep.predictionWeights(
        for: .v, abar: plan.abar[index], previousAbar: plan.previousAbar[index])
      let next = combine(weights, recorded[index], predictions[index])
      #expect(relativeL2(next, recorded[index + 1]) < 1e-5, "step \(index)")
    }
  }
}
