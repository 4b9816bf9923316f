// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore

/// Shows a drawing as the network will see it.
struct SketchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sketch", abstract: "Show a drawing as the network will see it: dark lines on white.",
    discussion: """
      Nothing is computed but the preparation, by a network if --extractor gives one. What was found in the drawing, and \
      done to it, is printed.
      """)

  @Argument(help: ArgumentHelp("The line art.", valueName: "input"))
  var input: String

  @Argument(help: ArgumentHelp("The picture to write.", valueName: "output"))
  var path: String

  @Option(help: ArgumentHelp("Whether the lines are dark or light.", valueName: "name"))
  var polarity: PolarityChoice = .auto

  @Option(help: PreparationChoice.help)
  var prepare: PreparationChoice = .auto

  @Option(
    help: ArgumentHelp(
      "The longer side that the network works on, 64 to 4096. (default: the model's own area, at the sketch's "
        + "aspect)", valueName: "pixels"))
  var size: Int?

  @OptionGroup var extraction: ExtractorOptions
  @OptionGroup var replacing: OverwriteOptions
  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var backendOptions: BackendOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    try report.check()
    let preparation = try extraction.preparation(prepare)
    try StandardStreams.claim(inputs: [input], output: path, json: report.json)
    let sketch: Image
    do {
      let metadata: ImageMetadata
      (sketch, metadata) = try StandardStreams.load(input)
      for oddity in metadata.notes where oddity != .convertedColors { report.note("\(input): \(oddity)") }
    } catch {
      throw ToolError.usage(error.description)
    }
    if let size, !(64...4096).contains(size) { throw ToolError.usage("--size is \(size), expected 64 to 4096") }
    if path != StandardStreams.name {
      try OutputCheck.checkName(path)
      do {
        _ = try ImageFormat(pathExtensionOf: path)
      } catch {
        throw ToolError.usage(error.description)
      }
      try OutputCheck(overwrite: replacing.overwrite, inputs: [input, extraction.extractor ?? input]).check([path])
    }
    var idle = IdleNotes()
    if extraction.extractor == nil {
      idle.add(backendOptions.flags, "no network computes here; --extractor gives one")
    }
    idle.add(
      [
        ("--image-encoder", modelOptions.checkpoint.imageEncoder != nil),
        ("--prediction", modelOptions.prediction != nil), ("--lora", !modelOptions.additions.loras.isEmpty),
      ] + modelOptions.checkpoint.textFlags, "of the model only the size of its pictures matters here")
    idle.lines.forEach(report.note)
    let configuration = try modelOptions.open(note: report.note).configuration
    let frame = WorkingFrame(
      sketch: sketch, size: size, modelSize: configuration.imageSize, multiple: configuration.sizeMultiple)
    let progress = Progress(isQuiet: report.quiet)
    defer { progress.finish() }
    let prepared: PreparedSketch
    var work: NetworkWork?
    if extraction.extractor != nil, let extractor = try await extraction.open(on: backendOptions.makeBackend()) {
      progress.begin("finding lines with \(extractor.architecture.name)")
      work = NetworkWork(
        extractor.architecture.name,
        try extractor.memoryDemand(width: frame.scaled.width, height: frame.scaled.height))
      let lines = try await extractor.lines(
        of: sketch, polarity: polarity.polarity, width: frame.scaled.width, height: frame.scaled.height
      ) { progress.share($0) }
      work?.finish()
      prepared = try sketch.prepared(
        as: lines, polarity: polarity.polarity, width: frame.scaled.width, height: frame.scaled.height)
    } else {
      prepared = try frame.prepared(sketch, preparation, polarity: polarity.polarity)
    }
    progress.finish()
    if path == StandardStreams.name {
      try StandardStreams.write(try prepared.image.pngData())
    } else {
      let files = OutputFiles(overwrites: replacing.overwrite)
      try files.write(path) { try prepared.image.write(to: $0, existing: $1) }
      try files.check()
    }
    if report.json {
      return Console.shared.output(try JSONOutput.line(Output(output: path, sketch: prepared.report, work: work)))
    }
    guard !report.quiet else { return }
    if report.verbose, let work { Console.shared.message(work.text("finding lines")) }
    Console.shared.output("\(prepared.report)")
    Console.shared.output("wrote \(ToolError.oneLine(path)) (\(prepared.image.width) x \(prepared.image.height))")
  }

  private struct Output: Encodable {
    let output: String
    let sketch: SketchReport
    /// What a network took that found the lines.
    var work: NetworkWork?
    /// What was noted, as on standard error.
    let notes = Console.shared.notes
  }
}
