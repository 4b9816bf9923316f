// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore
import Foundation
import Shots

/// Colours the frames of a cut.
struct ShotCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shot", abstract: "Colour all drawings of a cut, and go on where it stopped.",
    discussion: """
      Finished frames are kept in a manifest (shot.jsonl beside the results): run the same line again, and only what is \
      missing or has changed is done, with the same result to the byte. Several processes, on one machine or on many that \
      share a folder, may run the same line; each frame is done by one of them. A file that was changed by hand is left \
      alone. With --json there is one line for each frame, and a last one for all.

      EXAMPLES:
        colorize shot 'cut/####.png' --reference sheet.png --output 'out/####.png'
        colorize shot cut/*.png -r sheet.png -o 'out/*.png' --frames 100-199
        colorize shot 'cut/####.png' -r sheet.png -o 'out/####.png' --dry-run

      Docs/Shots.md says more, Docs/Farm.md how to run it on a farm.
      """)

  @OptionGroup(title: "Pictures") var inputs: ShotInputOptions
  @OptionGroup(title: "Frames") var selection: ShotRunOptions
  @OptionGroup(title: "Result") var output: OutputOptions
  @OptionGroup(title: "The shot as a whole") var watching: ShotWatchingOptions
  @OptionGroup(title: "Finish") var finish: FinishOptions
  @OptionGroup(title: "Reference and sketch") var strengths: StrengthOptions
  @OptionGroup(title: "Sampling") var sampling: SamplingOptions
  @OptionGroup(title: "Model and device") var modelOptions: ModelOptions
  @OptionGroup(title: "Model and device") var backendOptions: BackendOptions
  @OptionGroup(title: "Memory") var memory: MemoryOptions
  @OptionGroup(title: "Reports") var report: ReportOptions

  func run() async throws {
    try report.check()
    try strengths.checkStrengths()
    if selection.dryRun && watching.check {
      throw ToolError.usage(
        "--dry-run and --check exclude each other: one writes nothing, the other what shows the shot")
    }
    let model = try modelOptions.open(note: report.note)
    let options = RequestOptions(
      output: output, finish: finish, strengths: strengths, sampling: sampling, memory: memory)
    let builder = ShotBuilder(
      inputs: inputs, run: selection, options: options, mode: strengths.mode.mode, model: model,
      modelOptions: modelOptions)
    var shot = try builder.shot(note: report.note)
    try checkManifest(shot)
    let watch = ShotWatching(options: watching, overwrites: output.replacing.overwrite)
    try watch.checkNames(note: report.note)
    let backend = try backendOptions.makeBackend()
    let extractor = try await inputs.shared.extraction.open(on: backend)
    let segmenters = try await inputs.shared.segmentation.open(on: backend)
    shot.networks = try ShotNetworks(
      extractor: extractor, segmenter: segmenters.picture, sketchSegmenter: segmenters.drawing)
    let progress = Progress(isQuiet: report.quiet)
    defer { progress.finish() }
    progress.begin("looking at \(shot.frames.count) frames")
    let plan = try Self.inToolErrors { try shot.plan(for: model) }
    try check(plan)
    if plan.damagedLineCount > 0 {
      report.note(
        "\(shot.manifest): \(plan.damagedLineCount) lines are torn and do not count, as a kill or a full disk leaves them"
      )
    }
    let job = ColorizeJob(model: model, backend: backend, memory: memory.use, report: report, progress: progress)
    if selection.dryRun { return try await ShotForecast(shot: shot, plan: plan, job: job).print() }
    if !watching.check { try makeFolders(for: shot) }
    try watch.check(shot)
    if watching.check {
      var summary = try checked(plan, of: shot)
      if summary.failed.isEmpty { summary.recolored = try await agree(shot, model, job) }
      return try finish(summary, shot, model, watch, progress)
    }
    var summary = try await color(shot, plan, job)
    summary.recolored = try await agree(shot, model, job)
    try finish(summary, shot, model, watch, progress)
  }

  /// Writes what shows the shot as a whole, and says what came out.
  private func finish(
    _ summary: ShotSummary, _ shot: Shot, _ model: Model, _ watch: ShotWatching, _ progress: Progress
  ) throws {
    try watch.write(shot, model: model, progress: progress)
    progress.finish()
    if !report.json, !report.quiet {
      for path in watch.paths { Console.shared.output("wrote \(ToolError.oneLine(path))") }
    }
    if report.json {
      var summary = summary
      summary.notes = Console.shared.notes
      Console.shared.output(try JSONOutput.line(summary))
    } else if !report.quiet {
      Console.shared.output("\(summary.text), in \(Progress.time(summary.seconds))")
    }
    guard summary.failed.isEmpty else {
      throw ToolError(
        .failure, "\(summary.failed.count) of \(summary.frames) frames failed: \(ShotSummary.list(summary.failed))")
    }
  }

  /// What `--check` finds.
  private func checked(_ plan: ShotPlan, of shot: Shot) throws -> ShotSummary {
    var summary = ShotSummary(manifest: shot.manifest, total: shot.frames.count)
    for entry in plan.entries {
      let outcome =
        entry.state.isToDo
        ? ShotOutcome(unfinished: entry.frame) : try ShotOutcome(settled: entry, of: shot)
      try tell(outcome, &summary)
    }
    return summary
  }

  private func color(_ shot: Shot, _ plan: ShotPlan, _ job: ColorizeJob) async throws -> ShotSummary {
    var summary = ShotSummary(manifest: shot.manifest, total: shot.frames.count)
    let progress = job.progress
    // Nothing to do needs no model.
    let needsModel = plan.toDoCount > 0
    let colorizer = needsModel ? try await job.makeColorizer() : nil
    if let colorizer {
      let total = plan.toDoCount
      progress.begin("colouring")
      progress.step(0, of: total, unit: "frame")
      var done = 0
      let outcomes = try Self.inToolErrors {
        try shot.outcomes(on: colorizer, plan: plan) { progress.observe($1, of: $0.label) }
      }
      do {
        for try await outcome in outcomes {
          try tell(outcome, &summary)
          switch outcome.status {
          case .finished, .finishedElsewhere: done += 1
          case .failed
          where plan.entries.contains(where: { $0.frame.output == outcome.frame.output && $0.state.isToDo }):
            done += 1
          default: continue
          }
          progress.step(done, of: total, unit: "frame")
        }
      } catch let error as ShotError {
        throw ToolError(
          .failure, "\(error.description); \(summary.finished) frames were finished, run the same line again to go on")
      }
    } else {
      for entry in plan.entries { try tell(ShotOutcome(settled: entry, of: shot), &summary) }
    }
    summary.seconds = (progress.elapsed * 1000).rounded() / 1000
    summary.peakMemoryBytes = ProcessUsage.peakMemory
    return summary
  }

  /// Lets all frames agree on colours, where all frames are there.
  ///
  /// - Returns: how many frames were written again.
  private func agree(_ shot: Shot, _ model: Model, _ job: ColorizeJob) async throws -> Int? {
    guard shot.agreesOnColors, selection.isWhole, shot.frames.count > 1,
      shot.frames.contains(where: { $0.settings.fill == .flats && $0.settings.lines != .network })
    else { return nil }
    let progress = job.progress
    progress.begin("agreeing on colours")
    do {
      let agreement = try await shot.agree(on: shot.plan(for: model)) { progress.step($0, of: $1, unit: "frame") }
      if !report.quiet, !report.json {
        let regions = agreement.rewritten.reduce(0) { $0 + $1.regions }
        Console.shared.output(
          "\(agreement.rewritten.count) of \(agreement.frameCount) frames written again to agree on colours, "
            + "\(regions) regions in them")
      }
      return agreement.rewritten.count
    } catch let error as ShotError {
      throw ToolError(.failure, error.description)
    }
  }

  private func tell(_ outcome: ShotOutcome, _ summary: inout ShotSummary) throws {
    summary.count(outcome)
    if !report.quiet {
      // Its own line of JSON has them.
      for note in outcome.notes {
        Console.shared.message("colorize: note: frame \(outcome.frame.label): \(ToolError.oneLine(note))")
      }
    }
    if case .failed(let reason) = outcome.status, !report.json {
      Console.shared.message("colorize: frame \(outcome.frame.label) failed: \(ToolError.oneLine(reason))")
    }
    if report.json {
      Console.shared.output(try JSONOutput.line(FrameLine(outcome, done: summary.frames, of: summary.total)))
    } else if outcome.status == .finished, !report.quiet {
      Console.shared.output(
        "wrote \(ToolError.oneLine(outcome.files.joined(separator: ", "))) (\(Format.decimal(outcome.seconds, 1)) s)")
    }
  }

  /// What is in the way of results is told before anything is done.
  private func check(_ plan: ShotPlan) throws {
    let occupied = plan.entries.compactMap { entry -> String? in
      if case .occupied(let file) = entry.state { file } else { nil }
    }
    if let first = occupied.first, !selection.dryRun, !watching.check {
      throw ToolError.usage(
        "\(first)\(occupied.count > 1 ? " and \(occupied.count - 1) more" : ""): there is a file already that this shot did "
          + "not make; give another --output, or --overwrite to replace it")
    }
    guard plan.entries.contains(where: { if case .faulty = $0.state { false } else { true } }) || plan.entries.isEmpty
    else {
      guard case .faulty(let reason) = plan.entries[0].state else { return }
      throw ToolError.usage("no frame can be coloured; the first: \(reason)")
    }
  }

  /// Lines are added to the manifest: it must be none of the files that are only read, under whatever name.
  private func checkManifest(_ shot: Shot) throws {
    guard let manifest = FileIdentity(shot.manifest) else { return }
    let checkpoint = modelOptions.checkpoint
    let others =
      [
        inputs.sheet, modelOptions.model, checkpoint.config, checkpoint.imageEncoder,
        checkpoint.textEncoder, checkpoint.vocabulary, inputs.shared.extraction.extractor,
        inputs.shared.segmentation.segmenter, inputs.shared.segmentation.sketchSegmenter,
      ].compactMap(\.self) + modelOptions.additions.loras.map(\.path)
    guard !others.contains(where: { FileIdentity($0) == manifest }) else {
      throw ToolError.usage("--manifest \(shot.manifest): it is one of the inputs; give another path")
    }
  }

  /// Makes the folders of the results.
  private func makeFolders(for shot: Shot) throws {
    var folders: Set<String> = []
    for frame in shot.frames {
      for path in try shot.writer.paths(frame) + [shot.manifest] {
        guard let slash = path.lastIndex(of: "/"), folders.insert(String(path[..<slash])).inserted else { continue }
        let folder = String(path[...slash])
        do {
          try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
          throw ToolError.usage("--output \(path): the folder \(folder) cannot be made; give another path")
        }
      }
    }
  }

  /// A shot's faults are those of the command line, until frames are coloured.
  static func inToolErrors<R>(_ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as ShotError {
      throw ToolError.usage(error.description)
    }
  }
}
