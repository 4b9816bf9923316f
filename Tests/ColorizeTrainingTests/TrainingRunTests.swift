// SPDX-License-Identifier: Apache-2.0

import Colorize
import ColorizeTraining
import DiffusionCore
import DiffusionTraining
import Foundation
import TestSupport
import Testing

/// Trainings of the tiny network on small pictures, from folder to file.
@Suite struct TrainingRunTests {
  let data: DataTests
  let model: Model

  init() throws {
    data = try DataTests()
    for index in 0..<5 {
      try data.write("d/one/\(index).png", width: 64, height: 64, hue: UInt8(40 * index), alpha: true)
    }
    try data.write("d/wide.png", width: 96, height: 48)
    let path = data.folder.file("tiny.safetensors")
    try TinyNetwork.write(to: path)
    model = Model(
      name: "tiny", weights: WeightSource(try SafetensorsFile(path: path)), configuration: TinyNetwork.configuration)
  }

  func plan(_ output: String, steps: Int = 6) throws -> TrainingPlan {
    var settings = TrainingSettings(
      foregroundRank: .rank(2), backgroundRank: .rank(2), batch: 2, rowsPerPass: 2, rate: LearningRate(peak: 1e-3),
      seed: 4)
    settings.dropShare = 0.2
    var plan = TrainingPlan(
      model: model, folder: try TrainingFolder(data.folder.file("d")), output: data.folder.file(output),
      software: "tests", settings: settings, length: .steps(steps))
    plan.resolution = 64
    plan.validationShare = 0.2
    plan.saveInterval = 2
    plan.views.variantCount = 2
    return plan
  }

  func bytes(_ name: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(filePath: data.folder.file(name)))) }

  /// Collects what is reported.
  final class Events {
    var steps: [StepReport] = []
    var validations: [Double] = []
    var notes: [String] = []
    var sheets: [String] = []
    var resumed: Int?

    func take(_ event: TrainingEvent) {
      switch event {
      case .note(let note): notes.append(note)
      case .resumed(let step): resumed = step
      case .step(let report, _): steps.append(report)
      case .validated(_, let loss): validations.append(loss)
      case .sheet(let path): sheets.append(path)
      case .began, .saved: break
      }
    }
  }

  @Test func aFileThatAppearsDuringATrainingStays() async throws {
    var plan = try plan("a.safetensors")
    plan.existing = .keepBoth
    let events = Events()
    let run = try TrainingRun(plan, on: CPUBackend())
    let mine = Data([1, 2, 3])
    try await run.run { event in
      events.take(event)
      guard case .began = event else { return }
      try? mine.write(to: URL(filePath: plan.output))
    }
    #expect(run.output == data.folder.file("a-2.safetensors"))
    #expect(try bytes("a.safetensors") == [1, 2, 3])
    // Of the last step, although the first saving had the clash.
    #expect(TrainingRecord(try LoRAFile(path: run.output))?.steps == 6)
    #expect(events.notes.filter { $0.contains("appeared at \(plan.output)") }.count == 1)
    #expect(!data.folder.contents.contains("a-3.safetensors"))
    // What goes on replaces its own result, and nothing else.
    plan.length = .steps(8)
    let other = try TrainingRun(plan, on: CPUBackend())
    try await other.run(resumes: true)
    #expect(other.output == data.folder.file("a-3.safetensors"))
    #expect(TrainingRecord(try LoRAFile(path: other.output))?.steps == 8)
    #expect(try bytes("a.safetensors") == [1, 2, 3])
    try FileManager.default.removeItem(atPath: plan.output)
    try FileManager.default.moveItem(atPath: other.output, toPath: plan.output)
    plan.length = .steps(10)
    let last = try TrainingRun(plan, on: CPUBackend())
    try await last.run(resumes: true)
    #expect(last.output == plan.output)
    #expect(TrainingRecord(try LoRAFile(path: plan.output))?.steps == 10)
  }

  @Test func aTrainingLeavesAFileThatSaysWhatItIs() async throws {
    var plan = try plan("a.safetensors")
    plan.previewInterval = 6
    let events = Events()
    let record = try await TrainingRun(plan, on: CPUBackend()).run { events.take($0) }
    #expect(events.steps.map(\.step) == Array(0..<6))
    // Before, and at every saving.
    #expect(events.validations.count == 4)
    #expect(events.sheets.count == 1)
    let sheet = try Image.load(try #require(events.sheets.first))
    #expect(sheet.width > sheet.height)
    let file = try LoRAFile(path: data.folder.file("a.safetensors"))
    #expect(TrainingRecord(file) == record)
    #expect(record.pictures == 5 && record.heldOut == 1 && record.steps == 6 && record.data == "d")
    #expect(record.modelFingerprint == "\(ModelFingerprint(model.weights))")
    #expect(record.validation?.count == 2 && record.loss != nil)
    // The states that are kept, and no half-written file.
    let names = try FileManager.default.contentsOfDirectory(atPath: plan.stateFolder).sorted()
    #expect(names == ["cache", "sheet-00000006.png", "step-00000004.safetensors", "step-00000006.safetensors"])
    // And it can be used.
    let tuned = try model.adding([LoRAUse(file)])
    #expect(tuned.name == "tiny + a.safetensors")
    _ = try await Colorizer(model: tuned)
  }

  @Test func stoppedAnywhereAndGoneOnIsNeverStopped() async throws {
    try await TrainingRun(plan("whole.safetensors"), on: CPUBackend(threads: 2)).run()
    // Stopped within step 4, on another number of threads, with a cache of its own; then gone on.
    let first = try plan("parts.safetensors")
    let stop = Task {
      let run = try TrainingRun(first, on: CPUBackend(threads: 1))
      try await run.run { event in
        if case .step(let report, _) = event, report.step == 2 { withUnsafeCurrentTask { $0?.cancel() } }
      }
    }
    await #expect(throws: CancellationError.self) { try await stop.value }
    #expect(try bytes("parts.state/step-00000003.safetensors").count > 0)
    let events = Events()
    try await TrainingRun(plan("parts.safetensors"), on: CPUBackend(threads: 3)).run(resumes: true) { events.take($0) }
    #expect(events.resumed == 3)
    #expect(try bytes("parts.safetensors") == bytes("whole.safetensors"))
    #expect(
      try bytes("parts.state/step-00000006.safetensors") == bytes("whole.state/step-00000006.safetensors"))
    // On another kind of processor it goes on too, and says so.
    let elsewhere = Events()
    try await TrainingRun(plan("parts.safetensors", steps: 7), on: CPUBackend(instructionSet: "portable"))
      .run(resumes: true) { elsewhere.take($0) }
    #expect(elsewhere.notes.contains { $0.contains("portable") })
    try FileManager.default.removeItem(atPath: data.folder.file("parts.state/step-00000007.safetensors"))
    // A run that was killed after its last state was written still writes its result.
    try FileManager.default.removeItem(atPath: data.folder.file("parts.safetensors"))
    try await TrainingRun(plan("parts.safetensors"), on: CPUBackend()).run(resumes: true)
    #expect(try bytes("parts.safetensors") == bytes("whole.safetensors"))
  }

  /// Ways in which a file of states comes to harm.
  enum Harm: CaseIterable { case cutShort, emptied, bitOfANumber, bitOfTheStepsCount, missing }

  @Test(arguments: Harm.allCases) func aDamagedStateIsToldAndTheOneBeforeIsTaken(harm: Harm) async throws {
    try await TrainingRun(plan("a.safetensors"), on: CPUBackend()).run()
    let (whole, last) = (try bytes("a.safetensors"), "a.state/step-00000006.safetensors")
    let state = try bytes(last)
    let path = URL(filePath: data.folder.file(last))
    switch harm {
    case .cutShort: try Data(state.dropLast(9)).write(to: path)
    case .emptied: try Data().write(to: path)
    case .bitOfANumber:
      var changed = state
      changed[state.count * 2 / 3] ^= 4
      try Data(changed).write(to: path)
    case .bitOfTheStepsCount:
      var changed = state
      let place = try #require(changed.firstRange(of: Array("\"step\":\"6\"".utf8)))
      changed[place.upperBound - 2] = UInt8(ascii: "4")
      try Data(changed).write(to: path)
    case .missing: try FileManager.default.removeItem(at: path)
    }
    let events = Events()
    try await TrainingRun(plan("a.safetensors"), on: CPUBackend()).run(resumes: true) { events.take($0) }
    #expect(events.resumed == 4)
    #expect(events.notes.contains { $0.contains("step 6") } == (harm != .missing), "\(events.notes)")
    #expect(try bytes("a.safetensors") == whole && bytes(last) == state)
  }

  @Test func aTrainingWithoutAWholeStateIsNotBegunAnewByItself() async throws {
    try await TrainingRun(plan("a.safetensors", steps: 2), on: CPUBackend()).run()
    let result = try bytes("a.safetensors")
    try Data([1]).write(to: URL(filePath: data.folder.file("a.state/step-00000002.safetensors")))
    await #expect(throws: TrainingError.self) {
      try await TrainingRun(plan("a.safetensors", steps: 4), on: CPUBackend()).run(resumes: true)
    }
    #expect(try bytes("a.safetensors") == result)
    #expect(try bytes("a.state/step-00000002.safetensors.damaged") == [1])
  }

  @Test func aPictureThatChangesMeanwhileIsTold() async throws {
    func plan(_ output: String) throws -> TrainingPlan {
      var plan = try self.plan(output)
      // Each picture is read again for each view.
      plan.cacheFolder = nil
      return plan
    }
    try await TrainingRun(plan("whole.safetensors"), on: CPUBackend()).run()
    let names = (0..<5).map { "d/one/\($0).png" }
    let before = try names.map(bytes)
    do {
      try await TrainingRun(plan("a.safetensors"), on: CPUBackend()).run { event in
        guard case .step(let report, _) = event, report.step == 2 else { return }
        for name in names { try? data.write(name, width: 64, height: 64, hue: 250, alpha: true) }
      }
      Issue.record("other pictures were learned from")
    } catch TrainingDataError.changed(let path) {
      #expect(names.contains { path.hasSuffix($0) })
    }
    // What was learned before is there, and goes on with the pictures that it was learned from.
    let states = try FileManager.default.contentsOfDirectory(atPath: data.folder.file("a.state"))
    #expect(states.contains { $0.hasPrefix("step-") && $0 > "step-00000002.safetensors" }, "\(states)")
    await #expect(throws: TrainingError.self) {
      try await TrainingRun(plan("a.safetensors"), on: CPUBackend()).run(resumes: true)
    }
    for (name, content) in zip(names, before) { try Data(content).write(to: URL(filePath: data.folder.file(name))) }
    try await TrainingRun(plan("a.safetensors"), on: CPUBackend()).run(resumes: true)
    #expect(try bytes("a.safetensors") == bytes("whole.safetensors"))
  }

  @Test func theCacheChangesNothing() async throws {
    var none = try plan("none.safetensors", steps: 3)
    none.cacheFolder = nil
    try await TrainingRun(none, on: CPUBackend()).run()
    var kept = try plan("kept.safetensors", steps: 3)
    kept.cacheFolder = data.folder.file("cache")
    try await TrainingRun(kept, on: CPUBackend()).run()
    let files = try FileManager.default.contentsOfDirectory(atPath: data.folder.file("cache"))
    #expect(files.count >= 3)
    // Once more, from the cache; and from one that was cut off and damaged.
    try await TrainingRun(kept, on: CPUBackend()).run()
    let third = try bytes("kept.safetensors")
    for (index, file) in files.enumerated() {
      var content = try bytes("cache/\(file)")
      content[content.count / 2] ^= 16
      try Data(index % 2 == 0 ? content : [1, 2, 3]).write(to: URL(filePath: data.folder.file("cache/\(file)")))
    }
    // What a killed run left goes; what another may be writing stays.
    let (old, young) = (data.folder.file("cache/.irodori-1.tmp"), data.folder.file("cache/.irodori-2.tmp"))
    for path in [old, young] { try Data([1]).write(to: URL(filePath: path)) }
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: old)
    try await TrainingRun(kept, on: CPUBackend()).run()
    #expect(try bytes("kept.safetensors") == third && third == bytes("none.safetensors"))
    #expect(!FileManager.default.fileExists(atPath: old) && FileManager.default.fileExists(atPath: young))
    // What other kernels made is not taken for what these make.
    var mixed = kept
    mixed.cacheFolder = data.folder.file("mixed")
    try await TrainingRun(mixed, on: CPUBackend(instructionSet: "portable")).run()
    try await TrainingRun(mixed, on: CPUBackend()).run()
    #expect(try bytes("kept.safetensors") == third)
    // It is bounded: of a cache for two samples no more stay.
    kept.cacheFolder = data.folder.file("small")
    kept.cacheLimit = 200_000
    try await TrainingRun(kept, on: CPUBackend()).run()
    let sizes = try FileManager.default.contentsOfDirectory(atPath: data.folder.file("small")).map {
      try FileManager.default.attributesOfItem(atPath: data.folder.file("small/\($0)"))[.size] as? Int ?? 0
    }
    #expect(sizes.reduce(0, +) <= 200_000)
    #expect(try bytes("kept.safetensors") == third)
  }

  @Test func aStateOfAnotherTrainingIsNotGoneOnWith() async throws {
    try await TrainingRun(plan("a.safetensors", steps: 2), on: CPUBackend()).run()
    func fault(_ change: (inout TrainingPlan) -> Void) async throws -> String {
      var other = try plan("a.safetensors", steps: 4)
      change(&other)
      do {
        try await TrainingRun(other, on: CPUBackend()).run(resumes: true)
        return ""
      } catch { return "\(error)" }
    }
    #expect(try await fault { $0.settings.seed = 5 }.contains("the seed (4)"))
    #expect(try await fault { $0.settings.foregroundRank = .rank(3) }.contains("foreground's rank (2)"))
    #expect(try await fault { $0.settings.parts = [.unet] }.contains("what learns"))
    #expect(try await fault { $0.resolution = 32 }.contains("resolution (64)"))
    #expect(
      try await fault {
        $0.settings.batch = 1; $0.settings.rowsPerPass = 1
      }.contains("batch"))
    #expect(try await fault { $0.settings.averageDecay = nil }.contains("average (0.99)"))
    // Memory is no part of what is learned.
    #expect(try await fault { $0.settings.recomputation = 1 << 16 } == "")
    try data.write("d/one/9.png", width: 64, height: 64, hue: 1)
    #expect(try await fault { _ in }.contains("the pictures"))
  }

  @Test func memoryIsCountedAndRefused() throws {
    let plan = try plan("a.safetensors")
    do {
      _ = try TrainingRun(plan, on: SmallBackend(CPUBackend(), availableBytes: 100_000))
      Issue.record("a step that does not fit was begun")
    } catch BackendError.insufficientMemory(let shortage) {
      #expect(shortage.neededBytes > 100_000 && shortage.advice.contains("resolution"))
    }
    _ = try TrainingRun(plan, on: SmallBackend(CPUBackend(), availableBytes: 1 << 40))
  }

  @Test func plansAreChecked() throws {
    func isRefused(_ change: (inout TrainingPlan) -> Void) throws -> Bool {
      var other = try plan("a.safetensors")
      change(&other)
      do {
        try other.validate()
        return false
      } catch { return true }
    }
    #expect(try !isRefused { _ in })
    #expect(try isRefused { $0.length = .steps(0) })
    #expect(try isRefused { $0.length = .seconds(.nan) })
    #expect(try isRefused { $0.resolution = 8 })
    #expect(try isRefused { $0.validationShare = 1 })
    #expect(try isRefused { $0.settings.rowsPerPass = 3 })
    #expect(try isRefused { $0.settings.rate.peak = -1 })
    #expect(try isRefused { $0.settings.rate.peak = .nan })
    #expect(try isRefused { $0.views.variantCount = 0 })
    #expect(try isRefused { $0.settings.dropShare = .nan })
    #expect(try isRefused { $0.settings.foregroundRank = .rank(0) })
    #expect(try isRefused { $0.settings.backgroundRank = .sum([.rank(4), .fraction(-1)]) })
    #expect(try isRefused { $0.settings.rate.warmUpStepCount = -1 })
    #expect(try isRefused { $0.settings.rate.decay = .cosine(stepCount: 0, floor: 0) })
    #expect(try isRefused { $0.settings.averageDecay = 1 })
    #expect(try isRefused { $0.settings.weighting = .minSNR(gamma: .nan) })
    #expect(try isRefused { $0.settings.clip = 0 })
    #expect(try isRefused { $0.settings.optimizer.beta2 = 1 })
    #expect(try isRefused { $0.settings.recomputation = -1 })
    #expect(try isRefused { $0.settings.times = .ofSampling(stepCount: 0) })
    #expect(try isRefused { $0.views.cropShare = .infinity })
    #expect(try isRefused { $0.cacheLimit = -1 })
  }
}

/// A processor with little memory.
private final class SmallBackend: ForwardingBackend, CallReceiver {
  let base: any Backend
  let memoryLimits: MemoryLimits

  init(_ base: any Backend, availableBytes: Int) {
    self.base = base
    memoryLimits = MemoryLimits(availableBytes: availableBytes)
  }

  func receive(_ call: BackendCall) throws { try call.perform(on: base) }

  func prepareMemory(for demand: MemoryDemand) throws {
    if let shortage = memoryLimits.shortage(for: demand, backend: name) {
      throw BackendError.insufficientMemory(shortage)
    }
  }
}
