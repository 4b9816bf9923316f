// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining
import TestSupport
import Testing

/// Steps in which everything learns, against those recorded of the published network.
@Suite struct FullStepTests {
  private struct Setting {
    let golden: TrainingGolden
    let tape: Tape
    let network: ColorizationNetwork
    let parameters: [TrainableParameter]
    let test: [String: Any]
    var name: String { test.string("name") }
    var base: any Backend { tape.base }

    init(
      _ test: [String: Any], _ golden: TrainingGolden, of set: GoldenSet,
      part: @escaping @Sendable (TrainedPart) -> Bool
    ) throws {
      (self.test, self.golden) = (test, golden)
      tape = Tape(try CPUBackend(threads: 2))
      let source = TrainableParameters(
        CheckpointParameters(WeightReader(try set.weights()), backend: tape), on: tape
      ) { TrainedPart(key: $0).map(part) ?? false }
      network = try ColorizationNetwork(Parameters(source), configuration: set.configuration, withSplit: true)
      parameters = source.parameters
    }

    /// Those of the cases that are of the autoencoder, or those that are not.
    static func all(
      of set: GoldenSet, isAutoencoder: Bool, part: @escaping @Sendable (TrainedPart) -> Bool
    ) throws -> [Setting] {
      let golden = try TrainingGolden("full_step", of: set)
      let cases = golden.list().filter { ($0["kl_weight"] != nil) == isAutoencoder }
      try #require(!cases.isEmpty)
      return try cases.map { try Setting($0, golden, of: set, part: part) }
    }

    /// One sample of an image, channels-last, on the tape.
    func image(_ key: String, _ index: Int) throws -> Tensor {
      tape.constant(
        try golden.channelsLast("\(name).\(key)", on: base).sliced(axis: 0, index..<index + 1).contiguous())
    }

    func check(loss: Double, _ gradients: [Tensor?]) throws {
      let expected = test.double("loss") ?? .nan
      #expect(abs(loss / expected - 1) < 2e-6, "\(name): the loss is \(loss), not \(expected)")
      let (fingerprints, norms) = (test.table("gradients"), test.table("part_norms"))
      let unreached = Set(test.strings("unreached"))
      var errors: [Double] = []
      for (parameter, gradient) in zip(parameters, gradients) {
        let key = parameter.key
        let recorded = fingerprints.table(key)
        guard let gradient else {
          #expect(
            unreached.contains(key) || (recorded.double("norm") ?? 0) == 0, "\(name): no gradient of \(key)")
          continue
        }
        // The package's own set has some fingerprints only.
        if recorded.isEmpty && !unreached.contains(key) { continue }
        let own = parameter.inCheckpointOrder(gradient)
        let found = try Fingerprint(own)
        if recorded["noise"] != nil || recorded.isEmpty {
          let part = TrainedPart(key: key).map { Self.names[$0] ?? "" } ?? ""
          #expect(found.norm <= 1e-6 * (norms.double(part) ?? .nan), "\(name): \(key) is \(found.norm), not noise")
          continue
        }
        var error = found.distance(to: recorded, count: own.shape.elementCount)
        if golden.contains("\(name).grad.\(key)") {
          let expected = try golden.tensor("\(name).grad.\(key)", on: base)
          error = max(error, try own.reshaped(expected.shape).relativeError(to: expected))
        }
        #expect(error < 1e-3, "\(name): the gradient of \(key) is off by \(error)")
        errors.append(error)
      }
      errors.sort()
      let known = fingerprints.keys.filter {
        fingerprints.table($0)["noise"] == nil && fingerprints.table($0).double("norm") != 0
      }
      #expect(errors.count == known.count && !known.isEmpty, "\(name): \(errors.count) gradients of \(known.count)")
      let median = errors.isEmpty ? .infinity : errors[errors.count / 2]
      #expect(median < 1e-4, "\(name): the median gradient is off by \(median)")
    }

    private static let names: [TrainedPart: String] = [
      .unet: "unet", .foregroundLoRA: "lora", .backgroundLoRA: "lora", .recovery: "recovery", .threshold: "threshold",
      .imageEncoder: "image_encoder", .sketchEncoder: "sketch_encoder", .vae: "vae",
    ]
  }

  @Test(arguments: GoldenSet.all) func aStepOfThePartsTogether(set: GoldenSet) throws {
    for setting in try Setting.all(of: set, isAutoencoder: false, part: { $0 != .vae }) { try checkStep(setting) }
  }

  private func checkStep(_ s: Setting) throws {
    let (tape, network, test) = (s.tape, s.network, s.test)
    let objective = DiffusionObjective(
      schedule: try NoiseSchedule(network.configuration.schedule),
      prediction: try PredictionType(named: test.string("parameterization")))
    let timesteps = test.ints("t") ?? []
    try #require(!timesteps.isEmpty)
    var sum = GradientAccumulator(count: s.parameters.count)
    var total = 0.0
    for (index, timestep) in timesteps.enumerated() {
      let (latent, noise, reference) = (
        try s.image("z0", index), try s.image("noise", index), try s.image("reference", index)
      )
      let sketch = try s.image("sketch", index)
      let loss = try tape.recording {
        let hints = try network.hints(
          sketch.broadcast(to: [1, sketch.shape[1], sketch.shape[2], 3]).contiguous())
        var context: ReferenceContext?
        if test.ints("drop")?[index] == 0 {
          let tokens = try network.imageEncoder(reference)
          if test.string("mode") == "vanilla" {
            context = ReferenceContext(whole: tokens)
          } else {
            let threshold = test.floats("t_r")?[index] ?? 0
            let cut = try SecondStage.background(
              of: reference, mask: s.image("rmask", index), threshold: threshold)
            context = try SecondStage(#require(network.split)).context(
              .full, tokens: tokens, backgroundTokens: network.imageEncoder(cut),
              mask: s.image("smask", index).resizedBicubic(factor: network.configuration.latentFactor),
              sketchThreshold: test.floats("t_s")?[index] ?? 0, referenceThreshold: threshold)
          }
        }
        let predicted = try network.unet(
          objective.noisy(latent, noise: noise, timestep: timestep), timestep: Float(timestep),
          context: context.map { try network.unet.prepare($0) } ?? .none, hints: hints,
          control: AttentionControl(
            referenceScales: [Float](repeating: 1, count: network.configuration.unet.transformerBlockCount)))
        return try objective.loss(
          predicted, target: objective.target(latent, noise: noise, timestep: timestep), timestep: timestep)
      }
      let share = 1 / Double(timesteps.count)
      total += try Double(loss.floats()[0]) * share
      try sum.add(tape.gradients(of: loss, at: s.parameters.map(\.value)), weight: share)
    }
    try s.check(loss: total, sum.gradients)
    let norm = try GradientNorm(sum.gradients).total
    #expect(abs(norm / (test.double("gradient_norm") ?? .nan) - 1) < 1e-4, "\(s.name): \(norm)")
  }

  @Test(arguments: GoldenSet.all) func aStepOfTheAutoencoder(set: GoldenSet) throws {
    for setting in try Setting.all(of: set, isAutoencoder: true, part: { $0 == .vae }) { try checkAutoencoder(setting) }
  }

  private func checkAutoencoder(_ s: Setting) throws {
    let (tape, network) = (s.tape, s.network)
    func batch(_ key: String) throws -> Tensor {
      tape.constant(try s.golden.channelsLast("\(s.name).\(key)", on: s.base))
    }
    let (x, noise) = (try batch("x"), try batch("noise"))
    let loss = try tape.recording {
      func limit(_ value: Float) throws -> Tensor { try Tensor(repeating: value, shape: [1], on: tape) }
      let (mean, raw) = try network.vaeEncoder(x)
      let logVariance = try Tensor.minimum(Tensor.maximum(raw, limit(-30)), limit(20))
      let y = try network.vaeDecoder(mean + (logVariance * 0.5).exp() * noise)
      let divergence = try Loss.divergence(mean: mean, logVariance: logVariance)
      return try Loss.meanAbsoluteError(y, x) + divergence * (s.test.number("kl_weight") ?? 0)
    }
    let value = try Double(loss.floats()[0])
    try s.check(loss: value, tape.gradients(of: loss, at: s.parameters.map(\.value)))
  }
}
