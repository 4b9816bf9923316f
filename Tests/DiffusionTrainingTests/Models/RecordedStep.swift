// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining
import TestSupport
import Testing

/// The recorded second stage: the small network with its trained parts as variables, and the samples.
struct RecordedStage {
  let golden: TrainingGolden
  let tape: Tape
  let network: ColorizationNetwork
  let parameters: [TrainableParameter]
  let schedule: NoiseSchedule

  init(
    _ set: GoldenSet, memory: TapeMemory = .kept, threads: Int = 2, backend: GradientBackend = .cpu
  ) throws {
    golden = try TrainingGolden("lora_step", of: set)
    tape = Tape(try backend.make(threads: threads), memory: memory)
    let reader = WeightReader(try set.weights())
    let source = TrainableParameters(CheckpointParameters(reader, backend: tape), on: tape) { key in
      TrainedPart(key: key).map { TrainedPart.secondStage.contains($0) } ?? false
    }
    network = try ColorizationNetwork(Parameters(source), configuration: set.configuration, withSplit: true)
    parameters = source.parameters
    schedule = try NoiseSchedule(network.configuration.schedule)
  }

  var base: any Backend { tape.base }

  /// What came out of a step.
  struct Outcome {
    var loss = 0.0
    var gradients: [Tensor?]
    var predictions: [Tensor] = []
    /// Of the noisy latents, and of the contexts.
    var inputGradients: [Tensor] = []
    var contextGradients: [Tensor] = []
    var contexts: [Tensor] = []
    var noisy: [Tensor] = []
    var targets: [Tensor] = []
  }

  /// A step over samples one by one, which is the mean over the batch: the loss is one over all elements.
  ///
  /// - Parameter prefix: of the keys of noise and background tokens.
  func run(_ test: [String: Any], prefix: String, layout: String, mode: String, prediction: String) throws -> Outcome {
    let names = (test["samples"] as? [Any] ?? []).map { "\($0)" }
    var sum = GradientAccumulator(count: parameters.count)
    var outcome = Outcome(gradients: [])
    let noise = try golden.channelsLast("\(prefix).noise", on: base)
    let objective = DiffusionObjective(schedule: schedule, prediction: try PredictionType(named: prediction))
    let share = 1 / Double(names.count)
    for (index, name) in names.enumerated() {
      func pooled(_ key: String) throws -> Tensor {
        let tensor = try golden.tensor("pool.\(name).\(key)", on: base)
        return try tensor.shape.rank == 3
          ? tensor.transposed(1, 2, 0).contiguous().reshaped([1, tensor.shape[1], tensor.shape[2], tensor.shape[0]])
          : tensor.reshaped(Shape([1] + tensor.shape.extents))
      }
      func entry(_ key: String) -> Float { test.floats(key)?[index] ?? 0 }
      let timestep = test.ints("t")?[index] ?? 0
      let (latent, own) = (try pooled("z0"), noise.sliced(axis: 0, index..<index + 1))
      let target = try objective.target(latent, noise: own, timestep: timestep)
      let noisy = tape.variable(try objective.noisy(latent, noise: own, timestep: timestep))
      let mask = tape.constant(try pooled("smask").resizedBicubic(factor: network.configuration.latentFactor))
      let levels = (0...).prefix { golden.contains("pool.\(name).hint\($0)") }
      let hints = try levels.map { tape.constant(try pooled("hint\($0)")) }
      let tokens = tape.constant(try pooled("tokens"))
      let background =
        mode == "foreground"
        ? tokens
        : tape.constant(try golden.tensor("\(prefix).background_tokens", on: base).sliced(axis: 0, index..<index + 1))
      let isDropped = test.ints("drop")?[index] == 1
      let (loss, predicted, halves) = try tape.recording {
        var context: ReferenceContext?
        if !isDropped {
          context = try self.context(
            mode, layout, tokens: tokens, background: background, mask: mask, entry("t_s"), entry("t_r"))
        }
        let prepared = try context.map { try network.unet.prepare($0) } ?? .none
        let blocks = network.configuration.unet.transformerBlockCount
        let control = AttentionControl(referenceScales: [Float](repeating: 1, count: blocks))
        let predicted = try network.unet(
          noisy, timestep: Float(timestep), context: prepared, hints: hints, control: control)
        let loss = try objective.loss(predicted, target: tape.constant(target), timestep: timestep)
        guard case .split(let foreground, let background) = context?.tokens else {
          return (loss, predicted, [Tensor]())
        }
        return (loss, predicted, [foreground, background])
      }
      let value = try Double(loss.floats()[0])
      let gradients = try tape.gradients(of: loss, at: [noisy] + halves + parameters.map(\.value))
      outcome.loss += value * share
      outcome.predictions.append(tape.onBase(predicted))
      outcome.noisy.append(tape.onBase(noisy))
      outcome.targets.append(target)
      outcome.inputGradients.append(try #require(gradients[0]) * Float(share))
      if halves.count == 2, let first = gradients[1], let second = gradients[2] {
        outcome.contexts.append(try Tensor.concatenate(halves.map { tape.onBase($0) }, axis: 1))
        outcome.contextGradients.append(try Tensor.concatenate([first, second], axis: 1) * Float(share))
      }
      try sum.add(Array(gradients.dropFirst(1 + halves.count)), weight: share)
    }
    outcome.gradients = sum.gradients
    return outcome
  }

  private func context(
    _ mode: String, _ layout: String, tokens: Tensor, background: Tensor, mask: Tensor, _ sketchThreshold: Float,
    _ referenceThreshold: Float
  ) throws -> ReferenceContext {
    let parts = try #require(network.split)
    let stage = SecondStage(parts)
    let context = try stage.context(
      #require(SecondStage.Mode(rawValue: mode)), tokens: tokens, backgroundTokens: background, mask: mask,
      sketchThreshold: sketchThreshold, referenceThreshold: referenceThreshold)
    guard layout.hasPrefix("published"), case .split(let foreground, let back) = context.tokens else { return context }
    // What the published code does otherwise: see the recordings' notes.
    let both = try Tensor.concatenate([foreground, back], axis: 1)
    let isTrainer = layout == "published_trainer"
    return ReferenceContext(
      foreground: isTrainer ? tokens : both, background: isTrainer ? back : both, mask: mask,
      maskThreshold: sketchThreshold, useForegroundLoRA: true, useBackgroundLoRA: true)
  }
}

/// How far one tensor is from another, with all elements of all parts as one vector.
func wholeError(_ pairs: [(Tensor, Tensor)]) throws -> Double {
  var (difference, norm) = (0.0, 0.0)
  for (found, expected) in pairs {
    for (a, b) in zip(try found.floats(), try expected.floats()) {
      difference += Double(a - b) * Double(a - b)
      norm += Double(b) * Double(b)
    }
  }
  return (difference / norm).squareRoot()
}
