// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DiffusionCore
import DiffusionTraining
import Foundation

/// Makes the training steps again that `training/loss_curve.py` has made in PyTorch, and compares the losses.
struct LossCurveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "loss-curve",
    abstract: "Makes training steps again that were made in PyTorch, and compares their losses.",
    discussion: "What it reads is written by training/loss_curve.py.")

  @Argument(help: "The folder that the script wrote.")
  var folder: String
  /// Rounding grows from step to step: PyTorch with one thread differs from itself with two by up to 6e-5 within 50 steps of
  /// the built-in model, this library from it by 2e-4, at the same steps. Up to the thirteenth it is below 1e-6.
  @Option(help: "The largest relative difference of a loss that is taken for the same.")
  var tolerance = 5e-4
  @Option(help: "The backend.")
  var backend = "cpu"

  func run() throws {
    let curve = try LossCurve(folder: folder, on: BackendRegistry.shared.makeBackend(backend))
    var largest = 0.0
    for step in 0..<curve.stepCount {
      let (own, theirs) = (try curve.step(step), Double(curve.losses[step]))
      let difference = abs(own / theirs - 1)
      largest = max(largest, difference.isNaN ? .infinity : difference)
      let numbers = [own, theirs].map { Console.number($0, 6) }
      print("step \(step + 1): \(numbers[0]), PyTorch \(numbers[1]), off by \(String(format: "%.1e", difference))")
    }
    print(String(format: "the largest relative difference is %.1e", largest))
    guard largest <= tolerance else { throw ExitCode.failure }
  }
}

/// The recorded steps, and a network that learns.
private final class LossCurve {
  let losses: [Float]
  private let tape: Tape
  private let network: ColorizationNetwork
  private let parameters: [TrainableParameter]
  private let optimizer: AdamW
  private let objective: DiffusionObjective
  private let inputs: SafetensorsFile
  private let rate: Double
  private let batch: Int

  var stepCount: Int { losses.count }

  init(folder: String, on backend: any Backend) throws {
    let configuration = try JSONDecoder().decode(
      ModelConfiguration.self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/config.json")))
    inputs = try SafetensorsFile(path: "\(folder)/inputs.safetensors")
    losses = try inputs.floats(of: "loss")
    batch = (inputs["index"]?.shape.last ?? 0)
    rate = inputs.metadata["rate"].flatMap { Double($0) } ?? 1e-4
    let tape = Tape(backend)
    let reader = WeightReader(WeightSource(try SafetensorsFile(path: "\(folder)/model.safetensors")))
    let source = TrainableParameters(CheckpointParameters(reader, backend: tape), on: tape) { key in
      TrainedPart(key: key).map { $0 != .vae } ?? false
    }
    network = try ColorizationNetwork(Parameters(source), configuration: configuration, withSplit: true)
    self.tape = tape
    parameters = source.parameters
    optimizer = try AdamW(parameters, on: tape)
    objective = DiffusionObjective(
      schedule: try NoiseSchedule(configuration.schedule), prediction: configuration.prediction)
  }

  /// Rows of a tensor, on the tape.
  private func rows(_ key: String, _ indices: [Int]) throws -> Tensor {
    let shape = Shape(inputs[key]?.shape ?? [])
    let all = try Tensor(inputs.floats(of: key), shape: shape, on: tape.base)
    return tape.constant(
      try Tensor.concatenate(indices.map { all.sliced(axis: 0, $0..<$0 + 1) }, axis: 0))
  }

  private func numbers(_ key: String, _ step: Int) throws -> [Float] {
    Array(try inputs.floats(of: key)[step * batch..<(step + 1) * batch])
  }

  /// Takes a step, and gives the loss before it.
  func step(_ step: Int) throws -> Double {
    let (index, reference) = (
      try numbers("index", step).map { Int($0) }, try numbers("reference", step).map { Int($0) }
    )
    let timesteps = try numbers("timestep", step).map { Int($0) }
    let (latent, sketch, picture) = (
      try rows("latents", index), try rows("sketches", index), try rows("pictures", reference)
    )
    let noise = try rows("noise", [step]).reshaped(latent.shape)
    func each(_ make: (_ row: Int, _ range: Range<Int>) throws -> Tensor) throws -> Tensor {
      try Tensor.concatenate((0..<batch).map { try make($0, $0..<$0 + 1) }, axis: 0)
    }
    let noisy = try each {
      try objective.noisy(
        latent.sliced(axis: 0, $1), noise: noise.sliced(axis: 0, $1), timestep: timesteps[$0])
    }
    let target = try each {
      try objective.target(
        latent.sliced(axis: 0, $1), noise: noise.sliced(axis: 0, $1), timestep: timesteps[$0])
    }
    let (sketchThresholds, referenceThresholds) = (
      try numbers("sketch_threshold", step), try numbers("reference_threshold", step)
    )
    let masks = (try rows("masks", index), try rows("masks", reference))
    let loss = try tape.recording {
      let lines = try sketch.broadcast(to: sketch.shape.replacing(axis: 3, with: 3)).contiguous()
      let hints = try network.hints(lines)
      let tokens = try network.imageEncoder(picture)
      var context = ReferenceContext(whole: tokens)
      if step % 2 == 0, let split = network.split {
        let cut = try each {
          try SecondStage.background(
            of: picture.sliced(axis: 0, $1), mask: masks.1.sliced(axis: 0, $1), threshold: referenceThresholds[$0])
        }
        context = try SecondStage(split).context(
          .full, tokens: tokens, backgroundTokens: network.imageEncoder(cut),
          mask: masks.0.resizedBicubic(factor: network.configuration.latentFactor),
          sketchThresholds: sketchThresholds, referenceThresholds: referenceThresholds)
      }
      let blocks = network.configuration.unet.transformerBlockCount
      let predicted = try network.unet(
        noisy, timesteps: timesteps.map { Float($0) }, context: network.unet.prepare(context), hints: hints,
        control: AttentionControl(referenceScales: [Float](repeating: 1, count: blocks)))
      return try objective.loss(predicted, target: target, timesteps: timesteps)
    }
    let value = try Double(loss.floats()[0])
    let gradients = try tape.gradients(of: loss, at: parameters.map(\.value))
    let norm = try GradientNorm(gradients)
    try optimizer.step(gradients, learningRate: rate, scale: norm.factor(limit: 1))
    return value
  }
}
