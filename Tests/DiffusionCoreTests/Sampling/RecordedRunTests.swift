// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import TestSupport
import Testing

/// Every sampler by itself: the recorded answers of the network are given back, and what the sampler asks for and what
/// comes out must be what was recorded.
///
/// Latents: 2e-5 in relative L2. Both sides compute in f32, a step is a few operations, and nothing feeds back. Times:
/// 1e-3 of 1000 steps; they are interpolated in log sigma of f32 on the recorded side.
struct RecordedRunTests {
  /// Answers as a network did, and compares the questions.
  private final class Recorded: Denoiser {
    let run: SamplerCase
    let golden: GoldenFile
    let schedule: NoiseSchedule
    let predictionType: PredictionType
    /// Inputs, timesteps and answers in order: of diffusers in unit variance, of k-diffusion with sigmas and denoised.
    private let (inputs, answers): (Tensor, Tensor)
    private let times: [Float]
    private let isDiffusers: Bool
    private(set) var asked = 0
    private(set) var worst = 0.0

    init(_ run: SamplerCase, golden: GoldenFile, schedule: NoiseSchedule) throws {
      (self.run, self.golden, self.schedule, predictionType) = (run, golden, schedule, run.predictionType)
      isDiffusers = golden.contains("\(run.key).pred")
      inputs = try golden.tensor("\(run.key).\(isDiffusers ? "x" : "eval_x")")
      answers = try golden.tensor("\(run.key).\(isDiffusers ? "pred" : "eval_denoised")")
      times = try golden.tensor("\(run.key).\(isDiffusers ? "timestep" : "eval_sigma")").floats()
    }

    var count: Int { times.count }

    func prediction(_ x: Tensor, timestep: Double) throws -> Tensor {
      guard asked < count else { throw NoiseError.exhausted(recorded: count) }
      func entry(_ tensor: Tensor) throws -> Tensor {
        try tensor.sliced(axis: 0, asked..<asked + 1).reshaped(Shape(Array(tensor.shape.extents.dropFirst())))
          .transposed(0, 2, 3, 1).contiguous()
      }
      let (input, answer, time) = (try entry(inputs), try entry(answers), Double(times[asked]))
      asked += 1
      if isDiffusers {
        #expect(abs(timestep - time) < 1e-3, "\(run.key), evaluation \(asked): at \(timestep), not \(time)")
        // The second LMS keeps its latent in sigma space; what it asks has unit variance like all others.
        let scale = run.sampler == "diffuser_lms" ? 1 / (1 + square(schedule.sigma(at: timestep))).squareRoot() : 1
        worst = max(worst, try x.relativeError(to: input * Float(scale)))
        return answer
      }
      let expected = schedule.timestep(forSigma: time)
      #expect(abs(timestep - expected) < 1e-3, "\(run.key), evaluation \(asked): at \(timestep), not \(expected)")
      let c = predictionType.coefficients(sigma: time)
      worst = max(worst, try x.relativeError(to: input * Float(c.in)))
      // What the denoiser makes `answer` of, given the recorded latent.
      return try (answer - input * Float(c.skip)) * Float(1 / c.out)
    }

    private func square(_ x: Double) -> Double { x * x }
  }

  @Test(arguments: GoldenSet.all) func everySampler(set: GoldenSet) throws {
    let backend = try CPUBackend(threads: 1)
    let golden = try set.file("samplers", on: backend)
    let schedule = try NoiseSchedule(set.configuration.schedule)
    let cases = try set.decode([SamplerCase].self, from: "samplers_cases")
    #expect(Set(cases.map(\.key)) == Set(golden.names("*.final")))
    if set.path == GoldenSet.own.path {
      // How many steps the adaptive one takes depends on rounding: it has a test in closed form.
      let names = try Set(cases.map { try Sampler(published: $0.sampler) })
      #expect(names == Set(SamplerRegistry().samplers).subtracting([.dpmAdaptive]))
    }
    for run in cases {
      let recorded = try Recorded(run, golden: golden, schedule: schedule)
      var source: any NoiseSource = RecordedNoise(try run.noise(golden))
      let latent = try Sampler(published: run.sampler).sample(
        recorded, noise: golden.image("x_T.bs\(run.batch)"), steps: run.steps,
        schedule: SigmaSchedule(named: run.scheduler), source: &source)
      #expect(recorded.asked == recorded.count, "\(run.key): \(recorded.asked) evaluations of \(recorded.count)")
      #expect(try #require(source as? RecordedNoise).remaining <= run.spareNoises, "\(run.key)")
      #expect(recorded.worst < 2e-5, "\(run.key): it asks for what is off by \(recorded.worst)")
      let error = try latent.relativeError(to: golden.image("\(run.key).final"))
      #expect(error < 2e-5, "\(run.key): \(error)")
    }
  }
}
