// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore
import Foundation

/// Colours a sketch: the subcommand that runs by default.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Colour a sketch after a reference (what happens without a subcommand).")

  @OptionGroup(title: "Pictures") var inputs: InputOptions
  @OptionGroup(title: "Result") var output: OutputOptions
  @OptionGroup(title: "Finish") var finish: FinishOptions
  @OptionGroup(title: "Reference and sketch") var strengths: StrengthOptions
  @OptionGroup(title: "Sampling") var sampling: SamplingOptions
  @OptionGroup(title: "Model and device") var modelOptions: ModelOptions
  @OptionGroup(title: "Model and device") var backendOptions: BackendOptions
  @OptionGroup(title: "Memory") var memory: MemoryOptions
  @OptionGroup(title: "Reports") var report: ReportOptions

  func run() async throws {
    // From the cheapest check to the dearest: whatever the user can get wrong is told before the weights are read.
    // Opening a model reads its names only, and what it can do decides what the options mean.
    try report.check()
    try strengths.checkStrengths()
    try finish.checkHints()
    try StandardStreams.claim(inputs: inputs.paths, output: inputs.output, json: report.json)
    let pictures = try RunInputs(inputs, note: report.note)
    let notes = pictures.notes(keepsAlpha: output.keepAlpha)
    for note in notes { report.note(note.inOptions) }
    let model = try modelOptions.open(note: report.note)
    var request = try makeRequest(pictures, for: model)
    var idle = IdleNotes(request.idleOptions(for: model), settings: request.settings)
    idle.add(finish, inputs.shared.segmentation, strengths.texts, modelOptions)
    idle.add(masksOf: inputs)
    for line in idle.lines { report.note(line) }
    LoRAOptions.note(try modelOptions.additions.open(), in: request.mode, note: report.note)
    let plan = try OutputPlan(output: inputs.output, count: request.count)
    let files = inputs.paths + (request.palette == nil ? [] : [finish.palette]) + (finish.hints.map { [$0] } ?? [])
    try plan.check(overwrite: output.replacing.overwrite, inputs: files, writesPreviews: output.previews != nil)
    let finishOutputs = try FinishOutputs(finish, count: request.count)
    try finishOutputs.check(overwrite: output.replacing.overwrite, inputs: files, pictures: plan.paths)
    try finishOutputs.checkLayers(of: request, for: model)
    let writer = try PictureWriter(output, pictures: pictures, path: inputs.output)
    let backend = try backendOptions.makeBackend()
    var networks = try await RunNetworks(
      inputs, pending: pictures.pending(in: request.mode), model: model, backend: backend)
    if case .random = sampling.seed, !report.json { Console.shared.output("seed: \(request.seed)") }

    let progress = Progress(isQuiet: report.quiet)
    defer { progress.finish() }
    let job = ColorizeJob(
      model: model, backend: backend, memory: memory.use, report: report, progress: progress)
    // Told before gigabytes are read.
    if request.checksMemory {
      try await Self.inOptions { [request] in
        _ = try model.checkMemory(for: request, backend: backend, memory: memory.use)
      }
    }
    try networks.checkMemory(request)
    try await networks.complete(&request, progress: progress, note: report.note)
    let colorizer = try await job.makeColorizer()
    let unused = pictures.unused(in: request.mode)
    if !unused.isEmpty {
      report.note("mode \(request.mode.rawValue) does not use \(unused.joined(separator: " and "))")
    }
    var names = try inputs.names
    names.palette = request.palette == nil ? nil : finish.palette
    names.hints = finish.hints
    // The files as they were read: they may be others when the pictures are finished.
    names = output.leavesOutMetadata && !report.json ? names : names.identified(from: inputs.output)
    if finish.hints != nil, !request.usesHints {
      report.note("with --hint-strength 0 the fill painting does not use --hints; give --fill flats")
    }
    let written = OutputFiles(overwrites: output.replacing.overwrite)
    let result: ColorizeResult
    do {
      result = try await Self.inOptions { [request] in
        try await job.run(
          request, on: colorizer, preview: output.previews == nil ? nil : plan.preview,
          overwrites: output.replacing.overwrite
        ) { [names] index, picture, summary in
          try writer.write(
            picture.image, to: plan.paths[index], options: StoredOptions(summary, inputs: names, picture: index),
            files: written)
          try finishOutputs.write(
            picture, index: index, summary: summary, resolution: writer.resolution(of: picture.image.size),
            files: written)
        }
      }
    } catch let error where !(error is CancellationError) {
      throw ToolError(error, written: (plan.paths + finishOutputs.paths).compactMap(written.place))
    }
    try written.check()
    let stored = StoredOptions(result.summary, inputs: names, picture: 0)
    report.noteFarRegions(of: result)
    progress.finish()
    let estimate = try model.memoryEstimate(for: request, backend: backend, memory: memory.use)
    var summary = result.summary
    summary.notes = (summary.notes ?? []) + notes
    let hasPreview = output.previews.map { request.steps > $0 } ?? false
    try report.finish(
      RunReport(
        outputs: plan.paths, preview: hasPreview ? plan.preview : nil, files: finishOutputs.paths,
        flats: result.pictures.compactMap(\.flats).map { FlatsReport($0, farDistance: request.flats.farDistance) },
        networks: networks.records.isEmpty ? nil : networks.records, summary: summary, options: stored,
        seconds: progress.elapsed, estimatedMemoryBytes: max(estimate.peakBytes, networks.estimatedMemoryBytes),
        peakMemoryBytes: ProcessUsage.peakMemory),
      images: result.images)
  }

  private func makeRequest(_ pictures: RunInputs, for model: Model) throws -> ColorizeRequest {
    var request = ColorizeRequest(sketch: pictures.sketch, reference: pictures.references[0].picture)
    request.polarity = inputs.shared.polarity.polarity
    request.preparation = try inputs.shared.preparation
    pictures.apply(to: &request)
    request.hints = try FinishOptions.readHints(finish.hints, for: pictures.sketch)
    request.mode = strengths.mode.mode ?? (pictures.allowsFull && model.supports(.full) ? .full : .vanilla)
    try RequestOptions(output: output, finish: finish, strengths: strengths, sampling: sampling, memory: memory)
      .apply(to: &request, model: model)
    try model.validate(request)
    return request
  }

  /// Does something whose advice speaks of the request, and lets it speak of this command's options instead.
  static func inOptions<R>(_ body: () async throws -> R) async throws -> R {
    do {
      return try await body()
    } catch ColorizeError.insufficientMemory(let shortage, let advice) {
      throw ToolError(.failure, shortage.advising(MemoryOptions.text(of: advice)))
    }
  }
}

extension StoredOptions {
  /// The entries of the picture's text chunk.
  func pngText() throws -> [(key: String, value: String)] {
    [("Software", "\(Tool.name) \(Tool.version)"), ("parameters", try JSONOutput.line(self))]
  }
}
