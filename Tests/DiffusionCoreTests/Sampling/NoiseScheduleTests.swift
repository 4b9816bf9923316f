// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import Testing

@Suite struct NoiseScheduleTests {
  private let schedule: NoiseSchedule
  private let fixtures: FixtureTable

  init() throws {
    schedule = try NoiseSchedule()
    fixtures = try FixtureTable("sampling")
  }

  @Test func tables() throws {
    #expect(try largestRelativeError(schedule.betas, fixtures.doubles("schedule.betas")) < 1e-6)
    #expect(try largestRelativeError(schedule.abar, fixtures.doubles("schedule.alphas_cumprod")) < 1e-6)
    #expect(try largestRelativeError(schedule.sqrtAbar, fixtures.doubles("schedule.sqrt_alphas_cumprod")) < 1e-6)
    let noise = try fixtures.doubles("schedule.sqrt_one_minus_alphas_cumprod")
    #expect(largestRelativeError(schedule.sqrtOneMinusAbar, noise) < 1e-6)
    #expect(try largestRelativeError(schedule.sigmas, fixtures.doubles("sigmas.model.sigmas")) < 1e-6)
    #expect(try largestError(schedule.logSigmas, fixtures.doubles("sigmas.model.log_sigmas")) < 1e-6)
  }

  @Test func sigmaOfTimestep() throws {
    let actual = try fixtures.doubles("sigmas.t_to_sigma.t").map { schedule.sigma(at: $0) }
    #expect(try largestRelativeError(actual, fixtures.doubles("sigmas.t_to_sigma.sigma")) < 1e-6)
  }

  /// A float's log sigma is 2e-7 off, and a timestep is at least 0.006 of it: 1e-4 of t.
  @Test func timestepOfSigma() throws {
    let actual = try fixtures.doubles("sigmas.sigma_to_t.sigma").map { schedule.timestep(forSigma: $0) }
    #expect(try largestError(actual, fixtures.doubles("sigmas.sigma_to_t.t")) < 1e-4)
  }

  @Test func timestepInvertsSigmaAndBothClamp() {
    for t in stride(from: 0, through: 999, by: 0.37) {
      #expect(abs(schedule.timestep(forSigma: schedule.sigma(at: t)) - t) < 1e-9)
    }
    #expect(schedule.sigma(at: -1) == schedule.sigmaMin && schedule.sigma(at: .infinity) == schedule.sigmaMax)
    #expect(schedule.timestep(forSigma: 0) == 0 && schedule.timestep(forSigma: -3) == 0)
    #expect(schedule.timestep(forSigma: .infinity) == 999)
    #expect(schedule.sigma(at: .nan).isNaN && schedule.timestep(forSigma: .nan).isNaN)
  }

  @Test func velocityDenoiserCoefficients() throws {
    let values = try fixtures.doubles("sigmas.sigma_to_t.sigma").map { schedule.coefficients(for: .v, sigma: $0) }
    #expect(try largestRelativeError(values.map(\.skip), fixtures.doubles("sigmas.v.c_skip")) < 1e-6)
    #expect(try largestRelativeError(values.map(\.out), fixtures.doubles("sigmas.v.c_out")) < 1e-6)
    #expect(try largestRelativeError(values.map(\.in), fixtures.doubles("sigmas.v.c_in")) < 1e-6)
  }

  /// Both kinds of network, told the truth, denoise perfectly.
  @Test(arguments: [0.03, 0.5, 1, 14.6])
  func coefficientsRecoverTheImage(sigma: Double) {
    let (x0, eps) = (0.7, -1.3)
    let (signal, noise) = DPMSolverMultistep.scales(sigma: sigma)
    let x = x0 + sigma * eps
    let truth: [(PredictionType, Double)] = [(.v, signal * eps - noise * x0), (.eps, eps)]
    for (type, prediction) in truth {
      let weights = type.coefficients(sigma: sigma)
      #expect(abs(weights.skip * x + weights.out * prediction - x0) < 1e-12)
      #expect(weights.in == signal)
      let x0Weights = type.x0Weights(signal: signal, noise: noise)
      #expect(abs(x0Weights.latent * signal * x + x0Weights.prediction * prediction - x0) < 1e-12)
      let epsWeights = type.epsWeights(signal: signal, noise: noise)
      #expect(abs(epsWeights.latent * signal * x + epsWeights.prediction * prediction - eps) < 1e-12)
    }
  }

  /// The conversions of latent diffusion on recorded arrays, whose third argument stands for latent or prediction.
  @Test func conversions() throws {
    let timesteps = try fixtures.doubles("schedule.t").map { Int($0) }
    let (images, noises) = (try fixtures.rows("schedule.x0"), try fixtures.rows("schedule.noise"))
    for (index, t) in timesteps.enumerated() {
      func check(_ name: String, _ image: Double, _ noise: Double) throws {
        let actual = zip(images[index], noises[index]).map { image * $0 + noise * $1 }
        #expect(relativeL2(actual, try fixtures.rows("schedule." + name)[index]) < 1e-6, "\(name) at \(t)")
      }
      let (signal, noise) = (schedule.sqrtAbar[t], schedule.sqrtOneMinusAbar[t])
      let forward = schedule.noisingWeights(at: t)
      try check("q_sample", forward.image, forward.noise)
      let velocity = schedule.velocityWeights(at: t)
      try check("get_v", velocity.image, velocity.noise)
      let fromV = PredictionType.v.x0Weights(signal: signal, noise: noise)
      try check("predict_start_from_z_and_v", fromV.latent, fromV.prediction)
      let fromEps = PredictionType.eps.x0Weights(signal: signal, noise: noise)
      try check("predict_start_from_noise", fromEps.latent, fromEps.prediction)
      // v comes first in its arguments there, so image and noise change places.
      let eps = PredictionType.v.epsWeights(signal: signal, noise: noise)
      try check("predict_eps_from_z_and_v", eps.latent, eps.prediction)
    }
  }

  @Test func predictionTypeNames() throws {
    let names = try JSONDecoder().decode(
      [PredictionType].self, from: Data(#"["v", "v_prediction", "eps", "epsilon", "EPS"]"#.utf8))
    #expect(names == [.v, .v, .eps, .eps, .eps])
    #expect(String(decoding: try JSONEncoder().encode(names[1]), as: UTF8.self) == #""v""#)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(PredictionType.self, from: Data(#""x0""#.utf8)) }
    #expect(throws: ScheduleError.self) { try PredictionType(named: "") }
  }

  @Test func configurationFromJSON() throws {
    let decoder = JSONDecoder()
    let text = #"{"linear_end": 0.02, "timesteps": 500, "other": 1}"#
    let configuration = try decoder.decode(ScheduleConfiguration.self, from: Data(text.utf8))
    #expect(configuration == ScheduleConfiguration(linearEnd: 0.02, timesteps: 500))
    let coded = try decoder.decode(ScheduleConfiguration.self, from: JSONEncoder().encode(configuration))
    #expect(coded == configuration)
    #expect(try NoiseSchedule(configuration).count == 500)
  }

  @Test(arguments: [
    ScheduleConfiguration(linearStart: 0), ScheduleConfiguration(linearStart: .nan),
    ScheduleConfiguration(linearStart: 0.1), ScheduleConfiguration(linearEnd: 1),
    ScheduleConfiguration(linearEnd: .nan), ScheduleConfiguration(linearEnd: .infinity),
    ScheduleConfiguration(timesteps: 1), ScheduleConfiguration(timesteps: .max), ScheduleConfiguration(timesteps: .min),
    ScheduleConfiguration(linearStart: 1e-300, linearEnd: 1e-300),
    ScheduleConfiguration(linearStart: 0.5, linearEnd: 0.99), ScheduleConfiguration(timesteps: 100_000),
  ])
  func invalidConfigurations(configuration: ScheduleConfiguration) {
    for precision in [NoiseSchedule.Precision.double, .single] {
      #expect(throws: ScheduleError.self) { try NoiseSchedule(configuration, precision: precision) }
    }
  }
}
