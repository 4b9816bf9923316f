// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Trains some parts of a network; all others are frozen.
///
/// ```swift
/// let trainer = try Trainer(weights: model.weights, configuration: model.configuration, settings: settings, on: backend)
/// for step in 0..<1000 { print(try trainer.step(items(for: step)).loss) }
/// ```
///
/// What a step does is decided by the weights before it, its items, its number and the settings alone. Not for several
/// threads at once.
public final class Trainer {
  /// What decides the steps.
  public let settings: TrainingSettings
  /// The network's sizes.
  public let configuration: ModelConfiguration
  /// The network, on the tape; frozen parts are loaded when they are first asked for.
  public let parts: NetworkParts
  /// Where it computes.
  public let tape: Tape
  /// What learns.
  public let parameters: [TrainableParameter]
  /// How many steps were taken.
  public internal(set) var stepCount = 0

  let optimizer: AdamW
  let average: MovingAverage?
  let schedule: NoiseSchedule
  let objective: DiffusionObjective
  /// The values that parameters began with, where the result is told as a difference; nil for those of added branches.
  let initial: [Tensor?]

  /// A trainer before its first step.
  ///
  /// - Parameters:
  ///   - weights: checked before, see `NetworkParts`.
  ///   - storage: how frozen parameters are kept.
  /// - Throws: ``TrainingError/unsupported(reason:)`` for parts that the model does not have or that cannot learn together;
  ///   `WeightError`, `ScheduleError`, `BackendError`.
  public init(
    weights: WeightSource, configuration: ModelConfiguration, settings: TrainingSettings, on backend: any Backend,
    storage: CheckpointParameters.Storage = .asStored
  ) throws {
    let hasSplit = NetworkParts.hasSplit(weights, configuration: configuration)
    try Self.check(settings, hasSplit: hasSplit, configuration: configuration)
    self.settings = settings
    self.configuration = configuration
    // Whatever counts memory before keeps as much, so that both come to the same.
    (backend as? CPUBackend)?.keepCachedMemory(upTo: 8 << 30)
    tape = Tape(backend, memory: settings.recomputation.map { .recomputed(partByteCount: $0) } ?? .kept)
    let trained = settings.parts.subtracting([.foregroundLoRA, .backgroundLoRA])
    let source = TrainableParameters(
      CheckpointParameters(WeightReader(weights, checksFinite: false), backend: tape, storage: storage), on: tape,
      added: AddedBranches(
        foreground: settings.parts.contains(.foregroundLoRA) ? settings.foregroundRank : nil,
        background: settings.parts.contains(.backgroundLoRA) ? settings.backgroundRank : nil, seed: settings.seed)
    ) { key in
      TrainedPart(key: key).map { trained.contains($0) } ?? false
    }
    parts = NetworkParts(source, configuration: configuration, hasSplit: hasSplit)
    // The order of loading is the order of the parameters, whatever is asked for first later.
    if !settings.parts.isDisjoint(with: [.unet, .foregroundLoRA, .backgroundLoRA]) { _ = try parts.unet() }
    if settings.parts.contains(.sketchEncoder) { _ = try parts.sketchEncoder() }
    if settings.parts.contains(.imageEncoder) { _ = try parts.imageEncoder() }
    if !settings.parts.isDisjoint(with: [.recovery, .threshold]) { _ = try parts.split() }
    if settings.parts.contains(.vae) {
      _ = try parts.vaeEncoder()
      _ = try parts.vaeDecoder()
    }
    // Kernels were read to be reordered, and what learns to be converted: those pages are not needed again.
    for file in weights.files { file.releasePages() }
    let (parameters, tape) = (source.parameters, tape)
    self.parameters = parameters
    initial = try parameters.map { parameter in
      Self.isBranch(parameter.key) ? nil : try tape.onBase(parameter.value).duplicated()
    }
    optimizer = try AdamW(parameters, on: tape, configuration: settings.optimizer, storage: settings.moments)
    average = try settings.averageDecay.map {
      try MovingAverage(parameters, on: tape, decay: $0, warmsUp: true)
    }
    schedule = try NoiseSchedule(configuration.schedule)
    objective = DiffusionObjective(
      schedule: schedule, prediction: configuration.prediction, weighting: settings.weighting)
  }

  /// The bytes that a training takes beside those of its backend.
  package var hostByteCount: Int { optimizer.hostByteCount }

  /// How many numbers learn.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.value.shape.elementCount } }

  /// Takes a step.
  ///
  /// - Parameter items: as many as the settings' batch; all of one size.
  /// - Throws: ``TrainingError/notFinite(what:)`` with step and parts, or ``TrainingError/misused(reason:)`` for samples that
  ///   lack something or are of several sizes, before anything has changed; `BackendError`, `CancellationError`.
  public func step(_ items: [TrainingItem]) throws -> StepReport {
    guard !items.isEmpty else { throw TrainingError.misused(reason: "a step was asked for without samples") }
    var sum = GradientAccumulator(count: parameters.count)
    let variables = parameters.map(\.value)
    var loss = 0.0
    for first in stride(from: 0, to: items.count, by: max(1, settings.rowsPerPass)) {
      let rows = first..<min(first + max(1, settings.rowsPerPass), items.count)
      let share = Double(rows.count) / Double(items.count)
      let result = try pass(items, rows, purpose: StepDraws.training, step: stepCount)
      loss += try Double(result.floats()[0]) * share
      guard loss.isFinite else {
        tape.forget()
        throw TrainingError.notFinite(what: "the loss of step \(stepCount + 1), in which \(partNames) learn,")
      }
      try sum.add(tape.gradients(of: result, at: variables), weight: share)
    }
    let norm = try GradientNorm(sum.gradients)
    try norm.requireFinite(parameters, step: stepCount + 1)
    let rate = settings.rate.value(at: stepCount)
    try optimizer.step(sum.gradients, learningRate: rate, scale: norm.factor(limit: settings.clip))
    try average?.update()
    defer { stepCount += 1 }
    return StepReport(step: stepCount, loss: loss, gradientNorm: norm.total, rate: rate)
  }

  /// The mean loss of items, with draws that are the same every time; nothing learns.
  ///
  /// - Throws: ``TrainingError/misused(reason:)`` for samples that lack something; `BackendError`, `CancellationError`.
  public func loss(of items: [TrainingItem], repeats: Int = 2) throws -> Double {
    var total = 0.0
    for (index, item) in items.enumerated() {
      for turn in 0..<repeats {
        try Task.checkCancellation()
        let result = try pass([item], 0..<1, purpose: StepDraws.validation, step: index * 1000 + turn)
        total += try Double(result.floats()[0])
        tape.forget()
      }
    }
    return total / Double(max(1, items.count * repeats))
  }

  /// The parts that learn, in words.
  var partNames: String { TrainedPart.sorted(settings.parts).map(\.rawValue).joined(separator: ", ") }

  static func isBranch(_ key: String) -> Bool { key.contains(".lora_") }

  private static func check(
    _ settings: TrainingSettings, hasSplit: Bool, configuration: ModelConfiguration
  ) throws {
    if let fault = settings.fault { throw TrainingError.unsupported(reason: fault.description) }
    guard !settings.parts.isEmpty else { throw TrainingError.unsupported(reason: "no part is named that shall learn") }
    if settings.parts.contains(.vae), settings.parts != [.vae] {
      throw TrainingError.unsupported(
        reason: "the autoencoder learns alone: while it changes, latents mean nothing to the other parts")
    }
    if !hasSplit, !settings.parts.isDisjoint(with: TrainedPart.secondStage) {
      let names = TrainedPart.sorted(settings.parts.intersection(TrainedPart.secondStage)).map(\.rawValue)
      throw TrainingError.unsupported(
        reason: "the model has no mask modes: neither low-rank branches nor what makes the context of a background; so "
          + "\(names.joined(separator: ", ")) cannot learn; let unet learn (--parts unet), which acts in all modes, or "
          + "take a model that has mask modes, such as the built-in one")
    }
  }
}
