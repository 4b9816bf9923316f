// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore
import Foundation

/// The built-in model on the built-in samples.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Colour built-in drawings with the built-in model, to see it work.",
    discussion: """
      Colours two drawings by people (head, lion) and a cel drawn by code. Of each it writes the sketch, the reference,
      what the network painted and the result (head-sketch.png, head-reference.png, head-painting.png, head-result.png),
      of the cel also the masks, and contact-sheet.png, a row of four for each, into the folder, which is made if it is not
      there. Files that are there are replaced with --overwrite only.
      """)

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("Where the files go.", valueName: "folder"))
  var output = "colorize-demo"

  @Option(help: ArgumentHelp("Sampling steps, 1 to 1000. (default: what suits the model)", valueName: "n"))
  var steps: Int?

  @Option(help: ArgumentHelp("The seed.", valueName: "n"))
  var seed: UInt64 = 0

  @OptionGroup var additions: LoRAOptions
  @OptionGroup var replacing: OverwriteOptions
  @OptionGroup var backendOptions: BackendOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    try report.check()
    let model = try Model.embedded().adding(additions.open())
    let demos = try Demo.all
    let requests = try demos.map { demo in
      var request = ColorizeRequest(
        sketch: demo.sketch, reference: demo.reference, sampling: model.configuration.sampling,
        finish: model.configuration.finish)
      request.sketchMask = demo.masks?.sketch
      request.referenceMask = demo.masks?.reference
      request.mode = demo.masks == nil ? .vanilla : .full
      if let steps { request.steps = steps }
      request.seed = seed
      try request.validate()
      return request
    }
    let folder = output.hasSuffix("/") ? String(output.dropLast()) : output
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw ToolError.usage("--output \(folder): the folder cannot be made; give another path")
    }
    let sheetPath = "\(folder)/contact-sheet.png"
    try OutputCheck(option: "--output", overwrite: replacing.overwrite)
      .check([sheetPath] + demos.flatMap { $0.paths(in: folder) })

    let progress = Progress(isQuiet: report.quiet)
    defer { progress.finish() }
    let job = ColorizeJob(
      model: model, backend: try backendOptions.makeBackend(), report: report, progress: progress)
    let colorizer = try await job.makeColorizer()
    let written = OutputFiles(overwrites: replacing.overwrite)
    var rows: [Image] = []
    var results: [ColorizeResult] = []
    for (demo, request) in zip(demos, requests) {
      let result = try await job.run(request, on: colorizer, preview: nil)
      try demo.write(result, to: folder, files: written)
      rows.append(
        try Image.row([demo.sketch, demo.reference, result.pictures[0].painting, result.image], height: 384, gap: 8))
      results.append(result)
    }
    let sheet = try Image.column(rows, gap: 8)
    try written.write(sheetPath) { try sheet.write(to: $0, existing: $1) }
    progress.finish()
    try written.check()
    try report.finish(
      RunReport(
        outputs: demos.map { $0.path(.result, in: folder) } + [sheetPath], preview: nil,
        inputs: demos.flatMap { $0.inputPaths(in: folder) }, files: demos.map { $0.path(.painting, in: folder) },
        summary: results[0].summary, options: demos[0].options(results[0]), seconds: progress.elapsed,
        peakMemoryBytes: ProcessUsage.peakMemory),
      images: results.map(\.image) + [sheet])
  }
}

/// One drawing of the demo.
private struct Demo {
  enum File: String, CaseIterable {
    case sketch, reference
    case sketchMask = "sketch-mask"
    case referenceMask = "reference-mask"
    case painting, result
  }

  let name: String
  let sketch: Image
  let reference: Image
  var masks: (sketch: Mask, reference: Mask)?

  /// The drawings by people first.
  static var all: [Demo] {
    get throws {
      let drawings = try Sample.Drawing.allCases.map { drawing in
        Demo(name: drawing.rawValue, sketch: try drawing.sketch(), reference: try drawing.reference())
      }
      let masks = (sketch: try Sample.sketchMask(), reference: try Sample.referenceMask())
      return drawings + [
        Demo(name: "cel", sketch: try Sample.sketch(), reference: try Sample.reference(), masks: masks)
      ]
    }
  }

  func path(_ file: File, in folder: String) -> String { "\(folder)/\(name)-\(file.rawValue).png" }

  private var inputs: [(File, Image)] {
    [(.sketch, sketch), (.reference, reference)]
      + (masks.map { [(.sketchMask, $0.sketch.image), (.referenceMask, $0.reference.image)] } ?? [])
  }

  func inputPaths(in folder: String) -> [String] { inputs.map { path($0.0, in: folder) } }

  /// All files.
  func paths(in folder: String) -> [String] {
    inputPaths(in: folder) + [path(.painting, in: folder), path(.result, in: folder)]
  }

  func options(_ result: ColorizeResult) -> StoredOptions {
    func named(_ file: File) -> String { path(file, in: ".") }
    return StoredOptions(
      result.summary,
      inputs: InputNames(
        sketch: named(.sketch), reference: named(.reference), sketchMask: masks == nil ? nil : named(.sketchMask),
        referenceMask: masks == nil ? nil : named(.referenceMask)),
      picture: 0)
  }

  func write(_ result: ColorizeResult, to folder: String, files: OutputFiles) throws {
    for (file, image) in inputs + [(.painting, result.pictures[0].painting)] {
      try files.write(path(file, in: folder)) { try image.write(to: $0, existing: $1) }
    }
    let text = try options(result).pngText()
    try files.write(path(.result, in: folder)) { try result.image.write(to: $0, text: text, existing: $1) }
  }
}
