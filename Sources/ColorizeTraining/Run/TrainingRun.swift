// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import DiffusionTraining

/// Carries a plan out.
///
/// ```swift
/// let plan = TrainingPlan(model: try .embedded(), folder: try TrainingFolder("heroine"), output: "heroine.safetensors", ...)
/// let record = try await TrainingRun(plan, on: CPUBackend()).run { event in print(event) }
/// ```
///
/// What comes out depends on the plan alone: a training that was stopped at any time and goes on makes the same bytes as
/// one that was not, with any number of threads.
public final class TrainingRun {
  /// What is done.
  public let plan: TrainingPlan
  let trainer: Trainer
  let encoder: SampleEncoder
  let heldOut: [Int]
  let order: SampleOrder
  let states: TrainingStates
  let fingerprint: String
  private let identity: TrainingIdentity
  private let peakBytes: Int?
  /// The loss of the last steps, weighted towards the last.
  private var smoothLoss: Double?
  private(set) var validations: [Double] = []
  /// Where the result is: ``TrainingPlan/output``, or a name beside it where another file was not to be replaced.
  public private(set) var output: String
  /// Whether the file there is this training's.
  private var ownsOutput = false
  private var sheets: SheetMaker?

  /// Prepares a training; nothing is written but the folders.
  ///
  /// - Throws: ``TrainingDataError``, `TrainingError`, `BackendError` (`BackendError.insufficientMemory(_:)` if a step
  ///   would not fit), `WeightError`.
  public init(_ plan: TrainingPlan, on backend: any Backend) throws {
    try plan.validate()
    self.plan = plan
    output = plan.output
    let model = plan.model
    fingerprint = "\(ModelFingerprint(model.weights))"
    // All faults of the model's files, before anything else.
    _ = try NetworkParts(model.weights, configuration: model.configuration, backend: backend, storage: model.storage)
    heldOut = plan.heldOut
    let held = Set(heldOut)
    let trained = plan.folder.pictures.indices.filter { !held.contains($0) }
    let buckets = AspectBuckets(resolution: plan.resolution, multiple: model.configuration.sizeMultiple)
    let pictures = plan.folder.pictures
    let views = ViewMaker(
      pictures: pictures, buckets: buckets, settings: plan.views, seed: plan.settings.seed,
      isReference: pictures.indices.map { !held.contains($0) })
    order = SampleOrder(
      pictures: trained, size: { buckets.size(for: pictures[$0].size) }, batch: plan.settings.batch,
      variantCount: plan.views.variantCount, seed: plan.settings.seed)
    peakBytes = try Self.countMemory(plan, buckets: buckets, backend: backend)
    trainer = try Trainer(
      weights: model.weights, configuration: model.configuration, settings: plan.settings, on: backend,
      storage: model.storage)
    states = try TrainingStates(folder: plan.stateFolder)
    let cache = try plan.cacheFolder.map { try LatentCache(folder: $0, limit: plan.cacheLimit) }
    encoder = SampleEncoder(trainer: trainer, views: views, cache: cache, modelFingerprint: fingerprint)
    var hash = StableHash()
    for picture in pictures {
      hash.add(picture.contentHash)
      hash.add(UInt64(picture.group.map { $0 + 1 } ?? 0))
    }
    identity = TrainingIdentity(
      model: fingerprint, pictures: String(hash.value, radix: 16), resolution: plan.resolution, heldOut: heldOut.count,
      views: plan.views, settings: plan.settings, parts: TrainedPart.sorted(plan.settings.parts))
  }

  /// Trains to the end.
  ///
  /// - Parameters:
  ///   - resumes: whether the last saved state goes on, where there is one; else states that are there are removed.
  ///   - observer: called on the way.
  /// - Returns: what the result says of itself.
  /// - Throws: `CancellationError`, after the state was saved; `TrainingError`, `ImageError`, `WeightError`,
  ///   `BackendError`.
  @discardableResult
  public func run(resumes: Bool = false, observer: (TrainingEvent) -> Void = { _ in }) async throws -> TrainingRecord {
    for picture in plan.folder.unreadable { observer(.note("left out \(picture)")) }
    if resumes { try resume(observer: observer) } else { states.removeAll() }
    observer(
      .began(
        parameterCount: trainer.parameterCount, pictureCount: plan.folder.pictures.count - heldOut.count,
        heldOutCount: heldOut.count, peakBytes: peakBytes))
    do {
      try await loop(observer: observer)
    } catch is CancellationError {
      // A step that was begun has changed nothing.
      try save(observer: observer)
      throw CancellationError()
    } catch let error where error is TrainingDataError || error is ImageError {
      // Nor has a picture that is gone.
      if trainer.stepCount > 0 { try? save(observer: observer) }
      throw error
    }
    return record
  }

  private func loop(observer: (TrainingEvent) -> Void) async throws {
    let clock = ContinuousClock()
    let start = clock.now
    if validations.isEmpty { try validate(observer: observer) }
    func share() -> Double {
      switch plan.length {
      case .steps(let count): Double(trainer.stepCount) / Double(count)
      case .seconds(let seconds): (clock.now - start) / .seconds(1) / seconds
      }
    }
    // A state may be of the last step already, its result not yet written.
    var isWritten = false
    var isLast = share() >= 1
    if isLast { observer(.note("\(trainer.stepCount) steps were taken already, so nothing more is learned")) }
    while !isLast {
      isWritten = false
      try Task.checkCancellation()
      let items = try order.samples(of: trainer.stepCount).map { try encoder.item(of: $0.picture, variant: $0.variant) }
      let report = try trainer.step(items)
      smoothLoss = smoothLoss.map { $0 + 0.05 * (report.loss - $0) } ?? report.loss
      observer(.step(report, share: min(1, share())))
      await Task.yield()
      isLast = share() >= 1
      if isLast || trainer.stepCount % plan.saveInterval == 0 {
        try validate(observer: observer)
        try save(observer: observer)
        isWritten = true
      }
      if let interval = plan.previewInterval, isLast || trainer.stepCount % interval == 0 {
        try await makeSheet(observer: observer)
      }
    }
    if !isWritten {
      try validate(observer: observer)
      try save(observer: observer)
    }
  }

  /// How many of the pictures held out the loss is of, at most: of thousands, looking would take longer than learning.
  static let validatedCount = 16

  /// The loss on pictures held out, in their plain views.
  private func validate(observer: (TrainingEvent) -> Void) throws {
    guard !heldOut.isEmpty else { return }
    let items = try heldOut.prefix(Self.validatedCount).map { try encoder.item(of: $0, variant: 0) }
    let loss = try trainer.withAverages { try trainer.loss(of: items) }
    validations.append(loss)
    observer(.validated(step: trainer.stepCount, loss: loss))
  }

  private func makeSheet(observer: (TrainingEvent) -> Void) async throws {
    if sheets == nil { sheets = try SheetMaker(run: self) }
    let path = plan.sheetPath(step: trainer.stepCount)
    let model = try plan.model.adding([LoRAUse(result())])
    try await sheets?.sheet(with: model).write(to: path)
    observer(.sheet(path: path))
  }

  private func resume(observer: (TrainingEvent) -> Void) throws {
    let hadStates = TrainingPlan.hasStates(in: plan.stateFolder)
    guard let file = states.latest(note: { observer(.note($0)) }) else {
      guard !hadStates else {
        throw TrainingError.unusableState(
          file: plan.stateFolder,
          reason: "none of the states in it is whole, so there is nothing to go on from; begin anew")
      }
      observer(.note("there is no state to go on from, so it begins anew"))
      return
    }
    if let difference = identity.difference(from: file.metadata[TrainingIdentity.metadataKey]) {
      throw TrainingError.unusableState(file: file.name, reason: "\(difference); give the same, or begin anew")
    }
    try trainer.restore(fromChecked: file)
    smoothLoss = file.metadata["loss"].flatMap { Double($0) }
    validations = [file.metadata["first validation"].flatMap { Double($0) }].compactMap { $0 }
    let (before, now) = (file.metadata[Self.arithmeticKey], SampleEncoder.arithmetic(of: trainer.tape.base))
    if let before, before != now {
      observer(
        .note("the state was computed on \(before), and goes on on \(now): what comes out is not bit for bit the same"))
    }
    ownsOutput = isResult(plan.output)
    observer(.resumed(step: trainer.stepCount))
  }

  /// Whether a file is what this training wrote before it was stopped.
  private func isResult(_ path: String) -> Bool {
    guard let found = (try? LoRAFile(path: path)).flatMap(TrainingRecord.init) else { return false }
    let own = record
    return found.modelFingerprint == own.modelFingerprint && found.data == own.data && found.seed == own.seed
      && found.parts == own.parts
  }

  private static let arithmeticKey = "computed on"

  /// Writes the state, and the result as it is.
  private func save(observer: (TrainingEvent) -> Void) throws {
    var metadata = [TrainingIdentity.metadataKey: try identity.json()]
    if let first = validations.first { metadata["first validation"] = "\(first)" }
    metadata[Self.arithmeticKey] = SampleEncoder.arithmetic(of: trainer.tape.base)
    if let smoothLoss { metadata["loss"] = "\(smoothLoss)" }
    try trainer.save(to: states.path(step: trainer.stepCount), metadata: metadata)
    states.keep(plan.keptStateCount)
    let places = trainer.additionPlaces
    do {
      let writer = try SafetensorsWriter(
        path: output, tensors: places.map { .init(key: $0.key, dtype: .f32, shape: $0.shape) },
        metadata: [TrainingRecord.metadataKey: try record.json()], existing: ownsOutput ? .replace : plan.existing)
      for (index, place) in places.enumerated() {
        try trainer.addition(at: index).withUnsafeBytes { try writer.write(place.key, $0) }
      }
      try writer.finish()
    } catch WeightError.fileExists(let file, let place?) {
      output = place
      observer(.note("another file appeared at \(file) and is not replaced, so the result goes to \(place)"))
    }
    ownsOutput = true
    observer(.saved(step: trainer.stepCount))
  }

  /// The result as it is, in memory.
  func result() throws -> LoRAFile { try LoRAFile(.inMemory(trainer.additions(), name: plan.output)) }

  /// What the result says of itself.
  public var record: TrainingRecord {
    let settings = plan.settings
    func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
    return TrainingRecord(
      software: plan.software, model: name(plan.model.name), modelFingerprint: fingerprint,
      parts: TrainedPart.sorted(settings.parts),
      foregroundRank: settings.parts.contains(.foregroundLoRA) ? settings.foregroundRank : nil,
      backgroundRank: settings.parts.contains(.backgroundLoRA) ? settings.backgroundRank : nil,
      data: name(plan.folder.path), pictures: plan.folder.pictures.count - heldOut.count, heldOut: heldOut.count,
      resolution: plan.resolution, steps: trainer.stepCount, batch: settings.batch, rate: settings.rate.peak,
      seed: settings.seed, loss: smoothLoss,
      validation: validations.isEmpty ? nil : [validations[0], validations[validations.count - 1]])
  }
}
