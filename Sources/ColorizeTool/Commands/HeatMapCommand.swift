// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore

/// Shows which parts of a reference a text means.
struct HeatMapCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heat-map",
    abstract: "Show which parts of a reference a text means, before --manipulate changes them.",
    discussion: """
      The picture under five colours: parts in blue reach none of the thresholds, parts in dark red all four. For models \
      with a text tower; see Docs/Text.md.
      """)

  @Argument(help: ArgumentHelp("The reference.", valueName: "reference"))
  var input: String

  @Argument(help: ArgumentHelp("The picture to write.", valueName: "output"))
  var path: String

  @Option(help: ArgumentHelp("The text.", valueName: "text"))
  var control: String

  @Option(
    help: ArgumentHelp(
      "Four numbers of 0 to 1 with commas between them. (default: 0.5,0.55,0.65,0.95)", valueName: "numbers"))
  var thresholds: String?

  @OptionGroup var options: ModelRunOptions

  private var report: ReportOptions { options.report }

  func run() async throws {
    try report.check()
    try StandardStreams.claim(inputs: [input], output: path, json: report.json)
    let manipulation = try options.texts.manipulation() ?? options.texts.with(ReferenceManipulation())
    // A step reads them as an option of its own does.
    let numbers = try thresholds.map {
      try ReferenceManipulation.Step(parsing: "target=x; thresholds=\($0)").thresholds
    }
    if path != StandardStreams.name { try OutputCheck.checkName(path) }
    let picture: Image
    do {
      picture = try StandardStreams.load(input).image
      if path != StandardStreams.name { _ = try ImageFormat(pathExtensionOf: path) }
    } catch {
      throw ToolError.usage(error.description)
    }
    if path != StandardStreams.name {
      try OutputCheck(overwrite: options.replacing.overwrite, inputs: [input]).check([path])
    }
    let model = try options.model.open(note: report.note)
    let additions = try options.model.additions.open().flatMap(\.file.keys)
    var idle = IdleNotes()
    idle.add(
      [
        ("--prediction", options.model.prediction != nil),
        ("--lora", !additions.isEmpty && !additions.contains { CheckpointSection(key: $0) == .imageEncoder }),
      ], "only the encoders of pictures and of texts compute here")
    idle.lines.forEach(report.note)
    guard model.textConfiguration != nil else { throw ColorizeError.noTextTower(model: model.name) }
    let progress = Progress(isQuiet: report.quiet)
    defer { progress.finish() }
    let job = ColorizeJob(
      model: model, backend: try options.backend.makeBackend(), memory: .low, report: report, progress: progress)
    let map = try await job.makeColorizer().heatMap(
      of: picture, control: control, thresholds: numbers ?? TokenManipulation.defaultThresholds, after: manipulation)
    progress.finish()
    if path == StandardStreams.name {
      try StandardStreams.write(try map.image.pngData())
    } else {
      let files = OutputFiles(overwrites: options.replacing.overwrite)
      try files.write(path) { try map.image.write(to: $0, existing: $1) }
      try files.check()
    }
    let counts = (0...4).map { level in map.levels.count { $0 == level } }
    let shares = counts.map { Float($0) / Float(map.levels.count) }
    if report.json {
      return Console.shared.output(try JSONOutput.line(Output(output: path, control: control, shares: shares)))
    }
    guard !report.quiet else { return }
    let strongest = Format.decimal(Double(shares[3] + shares[4]) * 100, 0)
    Console.shared.output(
      "wrote \(ToolError.oneLine(path)) (\(map.image.width) x \(map.image.height)): \(strongest) % reach the third threshold"
    )
  }

  private struct Output: Encodable {
    let output: String
    let control: String
    /// Of the pixels, those that reach none of the thresholds, one, two, three, and all four.
    let shares: [Float]
    /// What was noted, as on standard error.
    let notes = Console.shared.notes
  }
}
