import ArgumentParser
import Colorize
import DiffusionCore
import Foundation

/// The built-in model on the built-in sample.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Colour a built-in drawing with the built-in model, to see it work.",
    discussion: """
      Writes the inputs (sketch.png, reference.png, sketch_mask.png, reference_mask.png), result.png and
      contact-sheet.png (sketch, reference, result) into the folder, which is made if it is not there. Files that are
      there are replaced with --overwrite only.
      """)

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("Where the files go.", valueName: "folder"))
  var output = "colorize-demo"

  @Option(help: ArgumentHelp("Sampling steps, 1 to 1000. (default: what suits the model)", valueName: "n"))
  var steps: Int?

  @Option(help: ArgumentHelp("The seed.", valueName: "n"))
  var seed: UInt64 = 0

  @OptionGroup var replacing: OverwriteOptions
  @OptionGroup var backendOptions: BackendOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    try report.check()
    let (sketch, reference) = (try Sample.sketch(), try Sample.reference())
    let (sketchMask, referenceMask) = (try Sample.sketchMask(), try Sample.referenceMask())
    let model = try Model.embedded()
    var request = ColorizeRequest(sketch: sketch, reference: reference, sampling: model.configuration.sampling)
    request.sketchMask = sketchMask
    request.referenceMask = referenceMask
    request.mode = .full
    if let steps { request.steps = steps }
    request.seed = seed
    try request.validate()
    let folder = output.hasSuffix("/") ? String(output.dropLast()) : output
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw ToolError.usage("--output \(folder): the folder cannot be made; give another path")
    }
    let inputs = [
      ("sketch.png", sketch), ("reference.png", reference), ("sketch_mask.png", sketchMask.image),
      ("reference_mask.png", referenceMask.image),
    ]
    let (picturePath, sheetPath) = ("\(folder)/result.png", "\(folder)/contact-sheet.png")
    try OutputCheck(option: "--output", overwrite: replacing.overwrite)
      .check([picturePath, sheetPath] + inputs.map { "\(folder)/\($0.0)" })

    let progress = Progress(isQuiet: report.quiet)
    defer { progress.finish() }
    let job = ColorizeJob(
      model: model, backend: try backendOptions.makeBackend(), report: report, progress: progress)
    let colorizer = try await job.makeColorizer()
    let result = try await job.run(request, on: colorizer, preview: nil)

    for (name, image) in inputs { try image.write(to: "\(folder)/\(name)") }
    let options = StoredOptions(
      result.summary,
      inputs: InputNames(
        sketch: "sketch.png", reference: "reference.png", sketchMask: "sketch_mask.png",
        referenceMask: "reference_mask.png"),
      picture: 0)
    try result.image.write(to: picturePath, text: try options.pngText())
    let sheet = try Image.row([sketch, reference, result.image], gap: 8)
    try sheet.write(to: sheetPath, text: try options.pngText())
    progress.finish()
    try report.finish(
      RunReport(
        outputs: [picturePath, sheetPath], preview: nil, inputs: inputs.map { "\(folder)/\($0.0)" },
        summary: result.summary, options: options, seconds: progress.elapsed,
        peakMemoryBytes: ProcessUsage.peakMemory),
      images: [result.image, sheet])
  }
}
