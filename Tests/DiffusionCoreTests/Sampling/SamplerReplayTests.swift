// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import Testing

/// Whole samplers on recorded predictions: what a sampler asks for must be what was recorded, and so must its result.
///
/// Only the sampler's own arithmetic in f32 lies between the two: 1e-5 in relative L2.
@Suite struct SamplerReplayTests {
  private let fixtures: FixtureTable
  private let backend: CPUBackend

  init() throws {
    fixtures = try FixtureTable("sampling")
    backend = try CPUBackend(threads: 1)
  }

  private func tensor(_ values: [Double]) throws -> Tensor {
    try Tensor(values.map(Float.init), shape: [1, 1, 1, values.count], on: backend)
  }

  private func doubles(_ tensor: Tensor) throws -> [Double] { try tensor.floats().map(Double.init) }

  /// Gives recorded predictions in order, and compares what they are asked for with what was recorded.
  private final class Recording: Denoiser {
    let schedule: NoiseSchedule
    let predictionType: PredictionType
    let inputs: [[Double]]
    let timesteps: [Double]
    let predictions: [Tensor]
    var index = 0

    init(
      _ type: PredictionType, inputs: [[Double]], timesteps: [Double], predictions: [Tensor]
    ) throws {
      schedule = try NoiseSchedule()
      predictionType = type
      (self.inputs, self.timesteps, self.predictions) = (inputs, timesteps, predictions)
    }

    func prediction(_ x: Tensor, timestep: Double) throws -> Tensor {
      try #require(index < predictions.count, "evaluation \(index + 1) of \(predictions.count)")
      defer { index += 1 }
      #expect(abs(timestep - timesteps[index]) < 1e-3, "evaluation \(index)")
      #expect(relativeL2(try x.floats().map(Double.init), inputs[index]) < 1e-5, "evaluation \(index)")
      return predictions[index]
    }
  }

  /// Runs a sampler on a recording, and compares the last latent and the reports with it.
  private func check(
    _ sampler: Sampler, on recording: Recording, noise: [[Double]] = [], start: [Double], final: [Double], steps: Int
  ) throws {
    var source: any NoiseSource = RecordedNoise(noise.map { $0.map(Float.init) })
    var reports: [Int] = []
    let result = try sampler.sample(recording, noise: tensor(start), steps: 8, source: &source) { step in
      #expect(step.total == steps)
      reports.append(step.completed)
    }
    #expect(recording.index == recording.predictions.count)
    #expect(reports == Array(1...steps))
    #expect(try relativeL2(doubles(result), final) < 1e-5)
  }

  @Test(arguments: [(Sampler.ddim, "ddim"), (.dpmSolver, "dpm"), (.pndm, "pndm")])
  func diffusers(sampler: Sampler, name: String) throws {
    let x = try fixtures.rows("diffuser_\(name).x")
    let recording = try Recording(
      .v, inputs: Array(x.dropLast()), timesteps: fixtures.doubles("diffuser_\(name).timestep"),
      predictions: fixtures.rows("diffuser_\(name).pred").map(tensor))
    try check(sampler, on: recording, start: x[0], final: x[x.count - 1], steps: 8)
  }

  @Test func lmsDiffusers() throws {
    let run = try LMSTimesteps(steps: 8, schedule: NoiseSchedule(precision: .single))
    let x = try fixtures.rows("diffuser_lms.x")
    // The latent is in sigma space, the network's input of unit variance.
    let inputs = zip(x, run.sigmas).map { x, sigma in x.map { $0 / (sigma * sigma + 1).squareRoot() } }
    let recording = try Recording(
      .v, inputs: inputs, timesteps: fixtures.doubles("diffuser_lms.timestep"),
      predictions: fixtures.rows("diffuser_lms.pred").map(tensor))
    try check(
      .lmsDiffusers, on: recording, start: x[0].map { $0 / run.initialNoiseSigma }, final: x[x.count - 1], steps: 8)
  }

  @Test func dpmFast() throws {
    let (x, sigmas) = (try fixtures.rows("dpm_fast.x"), try fixtures.doubles("dpm_fast.sigma"))
    let schedule = try NoiseSchedule()
    let denoised = try fixtures.rows("dpm_fast.denoised")
    let recording = try Recording(
      .eps, inputs: zip(x, sigmas).map { x, sigma in x.map { $0 / (sigma * sigma + 1).squareRoot() } },
      timesteps: sigmas.map { schedule.timestep(forSigma: $0) },
      predictions: zip(zip(x, denoised), sigmas).map { pair, sigma in
        try tensor(zip(pair.0, pair.1).map { ($0 - $1) / sigma })
      })
    // Two steps of three evaluations and one of two.
    try check(
      .dpmFast, on: recording, noise: fixtures.rows("dpm_fast.noise"), start: x[0].map { $0 / schedule.sigmaMax },
      final: x[x.count - 1], steps: 3)
  }

  /// A denoiser in closed form, as `make_fixtures.py` has it.
  private struct AbruptDenoiser: Denoiser {
    let schedule: NoiseSchedule
    let predictionType = PredictionType.eps

    func prediction(_ x: Tensor, timestep: Double) throws -> Tensor {
      // tanh(2u) = 2 sigmoid(4u) - 1
      let factor = 1 + 6 * tanh((timestep - 700) / 2)
      return try (x * 4).sigmoid().affine(scale: Float(2 * factor), offset: Float(-factor))
    }
  }

  /// Where the noise changes the latent moves by tens, and rounding there is all that remains at the end: 1e-4.
  @Test func dpmAdaptive() throws {
    let noise = try fixtures.rows("dpm_adaptive.noise")
    var source: any NoiseSource = RecordedNoise(noise.dropFirst().map { $0.map(Float.init) })
    var last: SamplingStep?
    let result = try Sampler.dpmAdaptive.sample(
      AbruptDenoiser(schedule: NoiseSchedule()), noise: tensor(noise[0]), steps: 1, source: &source
    ) { step in
      #expect(step.completed == (last?.completed ?? 0) + 1 && step.total >= step.completed)
      last = step
    }
    // A draw for each step, besides the first noise.
    #expect(last?.completed == noise.count - 1)
    #expect(last?.total == last?.completed)
    #expect(try relativeL2(doubles(result), fixtures.doubles("dpm_adaptive.final")) < 1e-4)
  }

  /// A network that gives no numbers ends the run as any other does.
  @Test func dpmAdaptiveEndsWithoutNumbers() throws {
    struct Broken: Denoiser {
      let schedule: NoiseSchedule
      let predictionType = PredictionType.eps
      func prediction(_ x: Tensor, timestep: Double) throws -> Tensor { try x * .nan }
    }
    var source: any NoiseSource = TorchCPUGenerator(seed: 1)
    let result = try Sampler.dpmAdaptive.sample(
      Broken(schedule: NoiseSchedule()), noise: tensor([1, 2]), steps: 1, source: &source)
    #expect(try result.floats().allSatisfy(\.isNaN))
  }

  @Test(arguments: SamplerRegistry().samplers)
  func stepsOutOfRangeAreRefused(sampler: Sampler) throws {
    for steps in [sampler.stepRange.lowerBound - 1, sampler.stepRange.upperBound + 1] {
      var source: any NoiseSource = RecordedNoise([])
      let recording = try Recording(.v, inputs: [], timesteps: [], predictions: [])
      #expect(throws: ScheduleError.stepsOutOfRange(steps: steps, allowed: sampler.stepRange)) {
        try sampler.sample(recording, noise: tensor([1]), steps: steps, source: &source)
      }
    }
  }
}
