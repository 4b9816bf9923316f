// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import ColorizeTraining
import DiffusionCore
import DiffusionTraining
import Foundation

/// Teaches a model the colours of one's own show.
struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train an addition (LoRA) to a model on a folder of coloured pictures.",
    discussion: """
      DATA holds coloured pictures. Each sub-folder is one character or shot, whose pictures are one another's references; \
      pictures in DATA itself are their own, seen otherwise. Lines are drawn by the program, or are those of \
      NAME.sketch.png; the figure is told by transparency, by NAME.mask.png, or found.

        colorize train heroine --output heroine.safetensors --minutes 15 --preview-every 200
        colorize -s sketch.png -r reference.png -o result.png --lora heroine.safetensors --masks auto

      What learns by default acts on figures, in the mask modes alone: --masks auto finds the figures, or give masks. \
      The parts unet, sketch-encoder, image-encoder and vae act without.

      States, sheets and the cache are in heroine.state. Ctrl-C saves the state and ends; --resume goes on with it, as if \
      it had never stopped.
      """)

  @Argument(help: ArgumentHelp("The folder of coloured pictures.", valueName: "data"))
  var data: String

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("Where the result goes: .safetensors.", valueName: "file"))
  var output: String

  @OptionGroup(title: "Training") var length: TrainLengthOptions
  @OptionGroup(title: "Learning") var learning: TrainRateOptions
  @OptionGroup(title: "Pictures") var pictures: TrainDataOptions
  @OptionGroup(title: "Files") var saving: TrainSavingOptions
  @OptionGroup(title: "Model and device") var modelOptions: ModelOptions
  @OptionGroup(title: "Model and device") var backendOptions: BackendOptions
  @OptionGroup(title: "Reports") var report: ReportOptions

  @Flag(help: "Start even if memory looks too small.")
  var force = false

  func run() async throws {
    try report.check()
    try checkOutput()
    let model = try modelOptions.open(note: report.note)
    // A part of the model must not be replaced by what is learned on it.
    try OutputCheck(
      option: "--output", overwrite: true,
      inputs: model.weights.files.map(\.name) + modelOptions.additions.loras.map(\.path)
    ).check([output])
    let progress = TrainProgress(isQuiet: report.quiet)
    defer { progress.finish() }
    progress.begin("reading the pictures")
    let folder = try TrainingFolder(data, passingOver: [TrainingPlan.stateFolder(of: output)]) { done, total in
      try Task.checkCancellation()
      progress.count(done, of: total, "picture")
    }
    for picture in folder.unreadable { report.note("left out \(picture)") }
    let plan = try makePlan(model, folder)
    progress.begin("preparing")
    let training = try TrainingRun(plan, on: try backendOptions.makeBackend())
    progress.length = plan.length
    let record: TrainingRecord
    var estimate: Int?
    do {
      record = try await training.run(resumes: saving.resume) { event in
        // What cannot be read was told already.
        if case .began(_, _, _, let bytes) = event { estimate = bytes }
        if case .note(let note) = event, !note.hasPrefix("left out ") { report.note(note) }
        progress.observe(event)
      }
    } catch is CancellationError {
      progress.finish()
      let interruption = Interruption.shared.error
      throw ToolError(
        interruption.status,
        "stopped after step \(training.record.steps); its state is saved in \(plan.stateFolder), and --resume goes on with it"
      )
    }
    progress.finish()
    guard training.output == output else {
      throw ToolError(
        .failure,
        "while this ran, another file appeared at \(output) and was not replaced; the result is in \(training.output)")
    }
    try finish(record, plan: plan, seconds: progress.elapsed, estimate: estimate)
  }

  private func finish(_ record: TrainingRecord, plan: TrainingPlan, seconds: Double, estimate: Int?) throws {
    if report.json {
      return Console.shared.output(
        try JSONOutput.line(
          TrainReport(
            output: output, states: plan.stateFolder, record: record, seconds: seconds,
            estimatedMemoryBytes: estimate, peakMemoryBytes: ProcessUsage.peakMemory)))
    }
    guard !report.quiet else { return }
    for line in record.lines { Console.shared.output(line) }
    // What acts in the mask modes alone does nothing without masks.
    let needsMasks = (try? LoRAUse(LoRAFile(path: output)).acts(in: .vanilla)) == false
    Console.shared.output(
      "wrote \(ToolError.oneLine(output)); use it with --lora \(ToolError.oneLine(output))"
        + (needsMasks ? " --masks auto, or with masks of your own: it acts in the mask modes alone" : ""))
    Console.shared.output("done in \(Format.decimal(seconds, 1)) s, at most \(Format.bytes(ProcessUsage.peakMemory))")
  }

  private func checkOutput() throws {
    guard output.lowercased().hasSuffix(".safetensors"), output.utf8.count > ".safetensors".utf8.count else {
      throw ToolError.usage("--output \(output): the name must end in .safetensors")
    }
    if saving.resume && saving.replacing.overwrite {
      throw ToolError.usage("--resume and --overwrite exclude each other: one goes on, the other begins anew; give one")
    }
    try OutputCheck(option: "--output", overwrite: saving.replacing.overwrite || saving.resume).check([output])
    let folder = TrainingPlan.stateFolder(of: output)
    if !saving.resume, !saving.replacing.overwrite, TrainingPlan.hasStates(in: folder) {
      throw ToolError.usage(
        "\(folder): it holds the state of a training; go on with it by --resume, or begin anew with --overwrite")
    }
    if saving.resume, !TrainingPlan.hasStates(in: folder), access(FileName.cString(output), F_OK) == 0 {
      throw ToolError.usage(
        "\(folder): it holds no state to go on from, and \(output) is there; begin anew with --overwrite instead of --resume"
      )
    }
    if learning.warmUp < 0 { throw ToolError.usage("--warm-up is \(learning.warmUp), expected 0 or more") }
    if let minutes = length.minutes, !(minutes > 0 && minutes <= 1_000_000) {
      throw ToolError.usage("--minutes is \(minutes), expected above 0, at most 1000000")
    }
    if length.steps != nil && length.minutes != nil {
      throw ToolError.usage("--steps and --minutes exclude each other; give one")
    }
    if learning.course == .cosine && length.minutes != nil {
      throw ToolError.usage("--course cosine needs to know its end; give --steps instead of --minutes")
    }
  }

  private func makePlan(_ model: Model, _ folder: TrainingFolder) throws -> TrainingPlan {
    let parts = length.parts?.parts ?? (model.supports(.full) ? [.foregroundLoRA] : [.unet])
    var settings = TrainingSettings.suiting(model, parts: parts)
    let steps = length.steps ?? 500
    settings.batch = length.batch ?? settings.batch
    settings.rowsPerPass = length.rows ?? min(settings.rowsPerPass == 1 ? 1 : settings.batch, settings.batch)
    settings.seed = length.seed
    settings.foregroundRank = learning.rankForeground.rank
    settings.backgroundRank = learning.rankBackground.rank
    settings.rate = LearningRate(
      peak: learning.rate ?? settings.rate.peak, warmUpStepCount: learning.warmUp,
      decay: learning.course == .cosine ? .cosine(stepCount: steps, floor: 0) : .constant)
    settings.dropShare = learning.drop ?? settings.dropShare
    settings.offsetNoise = learning.offsetNoise
    settings.moments = learning.moments
    if let gamma = learning.minSnr {
      guard gamma > 0, gamma <= 1000 else {
        throw ToolError.usage("--min-snr is \(gamma), expected above 0, at most 1000")
      }
      settings.weighting = .minSNR(gamma: gamma)
    }
    guard (0..<1).contains(learning.average) else {
      throw ToolError.usage("--average is \(learning.average), expected 0 to below 1")
    }
    settings.averageDecay = learning.average == 0 ? nil : learning.average
    if let mebibytes = learning.recompute {
      guard (0...1_000_000).contains(mebibytes) else {
        throw ToolError.usage("--recompute is \(mebibytes), expected 0 to 1000000")
      }
      settings.recomputation = mebibytes == 0 ? nil : mebibytes << 20
    }
    switch learning.times {
    case .uniform: settings.times = .uniform
    case .sampling: settings.times = .ofSampling(stepCount: model.configuration.sampling.steps)
    case nil: break
    }
    var plan = TrainingPlan(
      model: model, folder: folder, output: output, software: "\(Tool.name) \(Tool.version)", settings: settings,
      length: length.minutes.map { .seconds($0 * 60) } ?? .steps(steps))
    plan.resolution = length.resolution ?? plan.resolution
    let multiple = model.configuration.sizeMultiple
    if plan.resolution % multiple != 0 {
      report.note(
        "sides are multiples of \(multiple) for this model, so that pictures are not quite \(plan.resolution)")
    }
    plan.views = ViewSettings(
      variantCount: pictures.variants, recoloringShare: pictures.recolor,
      groundWeight: pictures.groundWeight)
    plan.validationShare = pictures.validation
    plan.saveInterval = saving.saveEvery
    plan.previewInterval = saving.previewEvery
    plan.keptStateCount = saving.keep
    plan.checksMemory = !force
    plan.existing = saving.replacing.overwrite ? .replace : .keepBoth
    guard (0...100_000).contains(pictures.cacheSize) else {
      throw ToolError.usage("--cache-size is \(pictures.cacheSize), expected 0 to 100000")
    }
    plan.cacheFolder = pictures.cacheSize == 0 ? nil : pictures.cache ?? plan.cacheFolder
    plan.cacheLimit = Int(pictures.cacheSize * Double(1 << 30))
    do {
      try plan.validate()
    } catch .invalid(let option, let value, let expected) {
      throw ToolError.usage("\(Self.flags[option] ?? option) is \(value), expected \(expected)")
    } catch {
      throw ToolError.usage("\(error)")
    }
    for line in TrainIdleNotes(learning, pictures, modelOptions, plan).lines { report.note(line) }
    return plan
  }

  /// The options that set what the library speaks of.
  private static let flags = [
    "the number of steps": "--steps", "the resolution": "--resolution", "the share held out": "--validation",
    "the interval of states": "--save-every", "the interval of sheets": "--preview-every",
    "the number of states that are kept": "--keep", "the number of views": "--variants",
    "the share of other colours": "--recolor", "the weight of the ground": "--ground-weight", "the batch": "--batch",
    "the rows of a pass": "--rows", "the rate": "--rate", "the warm-up": "--warm-up",
    "the foreground's rank": "--rank-foreground", "the background's rank": "--rank-background",
    "the share without a reference": "--drop", "the offset noise": "--offset-noise", "the average's decay": "--average",
    "the gamma of min-SNR": "--min-snr",
  ]
}

/// The one JSON object of `--json`.
private struct TrainReport: Encodable {
  var version = Tool.version
  let output: String
  let states: String
  let record: TrainingRecord
  let seconds: Double
  /// What it was thought to take before it started, in bytes.
  let estimatedMemoryBytes: Int?
  let peakMemoryBytes: Int
  /// What was noted, as on standard error.
  let notes = Console.shared.notes
}
