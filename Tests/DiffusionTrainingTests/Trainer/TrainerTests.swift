// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining
import Foundation
import TestSupport
import Testing

/// The tiny network as a checkpoint, and samples of random numbers.
struct TinyTraining {
  let folder: TemporaryFolder
  let weights: WeightSource
  let configuration = TinyNetwork.configuration

  init(poisoned: Bool = false) throws {
    folder = try TemporaryFolder()
    let path = folder.file("base.safetensors")
    try TinyNetwork.write(to: path, poisoned: poisoned)
    weights = WeightSource(try SafetensorsFile(path: path))
  }

  func trainer(_ settings: TrainingSettings, threads: Int = 2) throws -> Trainer {
    try Trainer(
      weights: weights, configuration: configuration, settings: settings, on: CPUBackend(threads: threads))
  }

  /// Samples of 32 x 32 pixels, with all that any part can need.
  func items(_ count: Int, for trainer: Trainer, step: Int = 0) throws -> [TrainingItem] {
    try (0..<count).map { row in
      var random = TrainingRandom(seed: 5, UInt64(step), UInt64(row))
      func tensor(_ shape: Shape, _ scale: Float = 1) throws -> Tensor {
        try Tensor(random.normals(shape.elementCount).map { $0 * scale }, shape: shape, on: trainer.tape.base)
      }
      var item = TrainingItem(referenceThreshold: Float(random.uniform(0.1...0.9)))
      item.latent = try tensor([1, 4, 4, 3])
      item.lines = try tensor([1, 32, 32, 1])
      item.hints = [try tensor([1, 4, 4, 32]), try tensor([1, 2, 2, 32]), try tensor([1, 2, 2, 64])]
      item.mask = try Tensor((0..<16).map { _ in Float(random.unit()) }, shape: [1, 4, 4, 1], on: trainer.tape.base)
      item.tokens = try tensor([1, 4, 32])
      item.backgroundTokens = try tensor([1, 4, 32])
      item.reference = try tensor([1, 28, 28, 3])
      item.background = try tensor([1, 28, 28, 3])
      item.picture = try tensor([1, 32, 32, 3], 0.5)
      return item
    }
  }

  func run(_ trainer: Trainer, steps: Range<Int>) throws -> [StepReport] {
    try steps.map { try trainer.step(items(trainer.settings.batch, for: trainer, step: $0)) }
  }
}

@Suite struct TrainerTests {
  let tiny: TinyTraining

  init() throws { tiny = try TinyTraining() }

  static let everything = Set(TrainedPart.allCases).subtracting([.vae])

  func settings(_ parts: Set<TrainedPart>) -> TrainingSettings {
    TrainingSettings(
      parts: parts, foregroundRank: .rank(3), backgroundRank: .fraction(0.25), batch: 3, rowsPerPass: 3,
      rate: LearningRate(peak: 1e-3), dropShare: 0.3, seed: 3)
  }

  func bytes(_ trainer: Trainer, _ name: String) throws -> [UInt8] {
    let path = tiny.folder.file(name)
    try trainer.save(to: path)
    return try [UInt8](Data(contentsOf: URL(filePath: path)))
  }

  @Test func samplesThatLackSomethingAreErrors() throws {
    func reason(_ parts: Set<TrainedPart>, _ change: (inout [TrainingItem], any Backend) throws -> Void) throws
      -> String
    {
      var settings = settings(parts)
      settings.dropShare = 0
      let trainer = try tiny.trainer(settings)
      var items = try tiny.items(3, for: trainer)
      try change(&items, trainer.tape.base)
      do {
        _ = try trainer.step(items)
        return ""
      } catch TrainingError.misused(let reason) {
        #expect(trainer.stepCount == 0)
        return reason
      }
    }
    let stage = TrainedPart.secondStage
    #expect(try reason(stage) { _, _ in } == "")
    #expect(try reason(stage) { items, _ in items = [] }.contains("without samples"))
    #expect(try reason(stage) { items, _ in items[1].latent = nil }.contains("no latent"))
    #expect(try reason(stage) { items, _ in items[1].tokens = nil }.contains("1 of 3 samples have no tokens"))
    #expect(try reason(stage) { items, _ in items[2].hints = nil }.contains("hints"))
    #expect(try reason(stage) { items, _ in for index in items.indices { items[index].hints = nil } }.contains("hints"))
    #expect(try reason(stage) { items, _ in items[0].mask = nil }.contains("masks"))
    #expect(try reason(stage) { items, _ in for index in items.indices { items[index].mask = nil } }.contains("masks"))
    #expect(try reason([.unet]) { items, _ in for index in items.indices { items[index].mask = nil } } == "")
    #expect(try reason([.imageEncoder]) { items, _ in items[0].reference = nil }.contains("references"))
    #expect(try reason([.sketchEncoder]) { items, _ in items[0].lines = nil }.contains("lines"))
    #expect(try reason([.vae]) { items, _ in items[0].picture = nil }.contains("pictures"))
    #expect(
      try reason(stage) { items, base in items[1].latent = try Tensor(repeating: 0, shape: [1, 4, 8, 3], on: base) }
        .contains("of one size"))
  }

  @Test func settingsOutOfRangeAreErrors() throws {
    var settings = settings([.unet])
    settings.rate.peak = .nan
    #expect(throws: TrainingError.self) { try tiny.trainer(settings) }
    settings = self.settings([.foregroundLoRA])
    settings.foregroundRank = .rank(0)
    #expect(throws: TrainingError.self) { try tiny.trainer(settings) }
  }

  /// The same numbers are drawn for each row; what differs is the order of summing.
  @Test(arguments: [TrainedPart.secondStage, everything, [.unet]] as [Set<TrainedPart>])
  func rowsTogetherAreRowsOneByOne(parts: Set<TrainedPart>) throws {
    var settings = settings(parts)
    settings.weighting = .minSNR(gamma: 5)
    let together = try tiny.run(tiny.trainer(settings), steps: 0..<2)
    settings.rowsPerPass = 1
    let alone = try tiny.run(tiny.trainer(settings), steps: 0..<2)
    for (one, other) in zip(together, alone) {
      #expect(abs(one.loss / other.loss - 1) < 1e-5)
      // After a step of AdamW, whose first moves are of one length whatever the gradient, rounding shows more.
      #expect(abs(one.gradientNorm / other.gradientNorm - 1) < (one.step == 0 ? 1e-4 : 1e-2))
    }
  }

  @Test(
    arguments: [
      (TrainedPart.secondStage, .single), (everything, .blocks8), ([.vae], .single),
    ] as [(Set<TrainedPart>, MomentStorage)])
  func aTrainingThatGoesOnIsOneThatNeverStopped(parts: Set<TrainedPart>, storage: MomentStorage) throws {
    var settings = settings(parts)
    settings.moments = storage
    let whole = try tiny.trainer(settings)
    let all = try tiny.run(whole, steps: 0..<4)
    let first = try tiny.trainer(settings)
    _ = try tiny.run(first, steps: 0..<2)
    _ = try bytes(first, "half.safetensors")
    let second = try tiny.trainer(settings, threads: 1)
    try second.restore(from: SafetensorsFile(path: tiny.folder.file("half.safetensors")))
    #expect(second.stepCount == 2)
    // Nothing of the state was lost on the way.
    #expect(try bytes(second, "again.safetensors") == bytes(first, "half.safetensors"))
    #expect(try tiny.run(second, steps: 2..<4) == Array(all[2...]))
    // On one thread what was on two.
    #expect(try bytes(second, "b.safetensors") == bytes(whole, "a.safetensors"))
    // And something was learned.
    #expect(try bytes(first, "c.safetensors") != bytes(whole, "a.safetensors"))
  }

  @Test func recomputationChangesNoBit() throws {
    var settings = settings(TrainedPart.secondStage)
    let kept = try tiny.trainer(settings)
    _ = try tiny.run(kept, steps: 0..<2)
    let expected = try bytes(kept, "kept.safetensors")
    settings.recomputation = 20_000
    let computed = try tiny.trainer(settings)
    _ = try tiny.run(computed, steps: 0..<2)
    #expect(try bytes(computed, "computed.safetensors") == expected)
  }

  /// What a model with the additions computes is what the trainer's does.
  @Test func additionsAreWhatWasLearned() throws {
    var settings = settings(Self.everything)
    settings.averageDecay = nil
    settings.rate = LearningRate(peak: 1e-2)
    let trainer = try tiny.trainer(settings)
    _ = try tiny.run(trainer, steps: 0..<3)
    let file = try LoRAFile(.inMemory(trainer.additions(), name: "learned"))
    #expect(file.ranks.foreground == .rank(3))
    let (weights, configuration) = try tiny.weights.adding([LoRAUse(file)], configuration: tiny.configuration)
    let learned = try ColorizationNetwork.load(weights, configuration: configuration, backend: trainer.tape).network
    let items = try tiny.items(2, for: trainer, step: 9)
    func predict(_ unet: UNet, _ split: ColorizationNetwork.SplitParts) throws -> [Float] {
      let tape = trainer.tape
      let tokens = try Tensor.concatenate(items.compactMap(\.tokens).map { tape.constant($0) }, axis: 0)
      let context = try SecondStage(split).context(
        .full, tokens: tokens, backgroundTokens: tokens,
        mask: Tensor.concatenate(items.compactMap(\.mask).map { tape.constant($0) }, axis: 0),
        sketchThresholds: [0.3, 0.6], referenceThresholds: [0.5, 0.5])
      let hints = try (0..<3).map { level in
        try Tensor.concatenate(items.compactMap { $0.hints?[level] }.map { tape.constant($0) }, axis: 0)
      }
      let x = try Tensor.concatenate(items.compactMap(\.latent).map { tape.constant($0) }, axis: 0)
      return try unet(
        x, timesteps: [10, 900], context: unet.prepare(context), hints: hints,
        control: AttentionControl(
          referenceScales: [Float](repeating: 1, count: tiny.configuration.unet.transformerBlockCount))
      ).floats()
    }
    let expected = try predict(trainer.parts.unet(), #require(try trainer.parts.split()))
    let found = try predict(learned.unet, #require(learned.split))
    let before = try predict(
      ColorizationNetwork.load(tiny.weights, configuration: tiny.configuration, backend: trainer.tape).network.unet,
      #require(learned.split))
    let scale = expected.map(abs).max() ?? 0
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 * scale })
    #expect(zip(before, expected).contains { abs($0 - $1) > 1e-3 * scale })
  }

  @Test func averagesAreWhatIsSaved() throws {
    let trainer = try tiny.trainer(settings([.threshold]))
    _ = try tiny.run(trainer, steps: 0..<3)
    let averaged = try trainer.additions()
    let own = try trainer.withAverages { try trainer.parameters.map { try trainer.tape.onBase($0.value).floats() } }
    let after = try trainer.parameters.map { try trainer.tape.onBase($0.value).floats() }
    #expect(own != after)
    for (addition, values) in zip(averaged, own) {
      let base = try tiny.weights.floats(of: String(addition.key.dropLast(".diff".count)))
      #expect(zip(zip(base, addition.values), values).allSatisfy { abs($0.0 + $0.1 - $1) < 1e-6 })
    }
  }

  @Test func aLossThatIsNotFiniteNamesStepAndParts() throws {
    let poisoned = try TinyTraining(poisoned: true)
    let trainer = try poisoned.trainer(settings(TrainedPart.secondStage))
    let before = try bytes(trainer, "before.safetensors")
    let error = #expect(throws: TrainingError.self) { try poisoned.run(trainer, steps: 0..<1) }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains("step 1") && text.contains("lora-foreground") && text.contains("recovery"), "\(text)")
    #expect(try bytes(trainer, "after.safetensors") == before)
  }

  @Test func whatCannotBeTrainedIsTold() throws {
    #expect(throws: TrainingError.self) { try tiny.trainer(settings([])) }
    #expect(throws: TrainingError.self) { try tiny.trainer(settings([.vae, .unet])) }
    let path = tiny.folder.file("vanilla.safetensors")
    try TinyNetwork.write(to: path, withSplit: false)
    let vanilla = WeightSource(try SafetensorsFile(path: path))
    func trainer(_ parts: Set<TrainedPart>) throws -> Trainer {
      try Trainer(weights: vanilla, configuration: tiny.configuration, settings: settings(parts), on: CPUBackend())
    }
    let error = #expect(throws: TrainingError.self) { try trainer([.foregroundLoRA, .unet]) }
    // What cannot learn, and what to do.
    #expect(error?.description.contains("lora-foreground cannot learn") == true)
    #expect(error?.description.contains("--parts unet") == true)
    let unet = try trainer([.unet])
    #expect(try tiny.run(unet, steps: 0..<1).count == 1)
    // A state of another training is none of this one.
    try unet.save(to: tiny.folder.file("unet.safetensors"))
    let other = try tiny.trainer(settings(TrainedPart.secondStage))
    #expect(throws: TrainingError.self) {
      try other.restore(from: SafetensorsFile(path: tiny.folder.file("unet.safetensors")))
    }
    #expect(throws: TrainingError.self) { try other.restore(from: SafetensorsFile(path: path)) }
  }

  @Test func partsHaveNames() {
    #expect(TrainedPart.parts(named: "second-stage") == TrainedPart.secondStage)
    #expect(TrainedPart.parts(named: "lora-foreground,unet") == [.foregroundLoRA, .unet])
    #expect(TrainedPart.parts(named: "all")?.contains(.vae) == false)
    #expect(TrainedPart.parts(named: "") == nil && TrainedPart.parts(named: "unet,") == nil)
  }
}
