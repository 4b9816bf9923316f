// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore
import Foundation

/// Makes a picture again from the options that are stored in it.
struct AgainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "again", abstract: "Make a picture again, from the options that are stored in it.",
    discussion: """
      The sketch, the reference and the masks are looked for under their names beside the picture and in the current \
      folder; where one is elsewhere, say where. Settings are as they were; the seed may be another.
      """)

  @Argument(help: ArgumentHelp("A PNG that this program made; - is standard input.", valueName: "picture"))
  var picture: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Where the result goes: .png, .jpg or .jpeg; - is standard output.", valueName: "file"))
  var output: String

  @Option(name: [.short, .long], help: ArgumentHelp("Where the sketch is now.", valueName: "file"))
  var sketch: String?

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Where the reference is now; of several, all of them in order.", valueName: "file"))
  var reference: [String] = []

  @Option(
    help: ArgumentHelp("Where the region of the --reference before it is now.", valueName: "file"))
  var region: [PlacedFile] = []

  @Option(help: ArgumentHelp("Where the sketch's mask is now.", valueName: "file"))
  var sketchMask: String?

  @Option(
    help: ArgumentHelp("Where the mask of the reference (of several, the one before it) is now.", valueName: "file"))
  var referenceMask: [PlacedFile] = []

  @Option(help: ArgumentHelp("Where the background picture is now.", valueName: "file"))
  var background: String?

  @Option(help: ArgumentHelp("Where the palette is now.", valueName: "file"))
  var palette: String?

  @Option(help: ArgumentHelp("Where the strokes of colour are now.", valueName: "file"))
  var hints: String?

  @Option(help: ArgumentHelp("Where the network is now that found the sketch's lines.", valueName: "file"))
  var extractor: String?

  @Option(help: ArgumentHelp("Where the network is now that found masks.", valueName: "file"))
  var segmenter: String?

  @Option(help: ArgumentHelp("Where the network is now that found the sketch's mask.", valueName: "file"))
  var sketchSegmenter: String?

  @Option(help: ArgumentHelp("Another seed, for a variation. (default: the picture's own)", valueName: "n"))
  var seed: SeedChoice?

  @OptionGroup var options: ModelRunOptions

  private var report: ReportOptions { options.report }

  func run() async throws {
    try report.check()
    let stored = try StoredOptions(readFrom: picture)
    let inputs = try InputOptions.parse(try arguments(stored.origin.inputs))
    try StandardStreams.claim(inputs: inputs.paths + [picture], output: output, json: report.json)
    let names = StoredOptions.parts(ofModel: stored.origin.model)
    if options.model.model == nil, names.model != "embedded" {
      throw ToolError.usage(
        "\(picture): it was made with the model \(names.model); say with --model where it is")
    }
    if options.model.additions.loras.count < names.additions.count {
      throw ToolError.usage(
        "\(picture): it was made with \(names.additions.joined(separator: ", ")); say with --lora where each is")
    }
    if stored.origin.version != Tool.version {
      report.note("the picture was made by version \(stored.origin.version), and may come out otherwise")
    }
    let pictures = try RunInputs(inputs, note: report.note)
    let model = try options.model.open(note: report.note)
    var request = ColorizeRequest(
      sketch: pictures.sketch, reference: .image(pictures.references[0].picture), settings: stored.settings)
    pictures.apply(to: &request)
    let paletteFile = try stored.origin.inputs.palette.map { try palette ?? find($0, "--palette") }
    if let paletteFile { request.palette = try FinishOptions.readPalette(paletteFile) }
    let hintsFile = try stored.origin.inputs.hints.map { try hints ?? find($0, "--hints") }
    request.hints = try FinishOptions.readHints(hintsFile, for: pictures.sketch)
    if let seed { request.seed = seed.resolved }
    if let manipulation = try options.texts.manipulation() {
      request.manipulation = manipulation
    } else if let manipulation = request.manipulation {
      request.manipulation = options.texts.with(manipulation)
    } else {
      try options.texts.check()
    }
    try model.validate(request)
    var idle = IdleNotes()
    idle.add([("--palette", palette != nil && paletteFile == nil)], "the picture was made without a palette of its own")
    idle.add([("--hints", hints != nil && hintsFile == nil)], "the picture was made without hints")
    if request.manipulation == nil {
      idle.add(options.model.checkpoint.textFlags, "the reference is changed by no text; give one with --manipulate")
    }
    let unused = pictures.unused(in: request.mode)
    idle.add(
      "mode \(request.mode.rawValue) does not use \(unused.joined(separator: " and "))", if: !unused.isEmpty)
    idle.lines.forEach(report.note)
    LoRAOptions.note(try options.model.additions.open(), in: request.mode, note: report.note)
    let plan = try OutputPlan(output: output, count: 1)
    try plan.check(
      overwrite: options.replacing.overwrite,
      inputs: inputs.paths + [picture] + [paletteFile, hintsFile].compactMap(\.self),
      writesPreviews: false)
    let writer = try PictureWriter(OutputOptions.parse([]), pictures: pictures, path: output)
    if case .random = seed, !report.json { Console.shared.output("seed: \(request.seed)") }

    let progress = Progress(isQuiet: report.quiet)
    defer { progress.finish() }
    let job = ColorizeJob(
      model: model, backend: try options.backend.makeBackend(), report: report, progress: progress)
    var networks = try await RunNetworks(
      inputs, pending: pictures.pending(in: request.mode), model: model, backend: job.backend)
    try networks.checkMemory(request)
    try await networks.complete(&request, progress: progress, note: report.note)
    let colorizer = try await job.makeColorizer()
    var inputNames = try inputs.names
    inputNames.palette = paletteFile
    inputNames.hints = hintsFile
    let written = OutputFiles(overwrites: options.replacing.overwrite)
    let result = try await RunCommand.inOptions { [request, inputNames] in
      try await job.run(request, on: colorizer, preview: nil) { index, picture, summary in
        try writer.write(
          picture.image, to: plan.paths[index], options: StoredOptions(summary, inputs: inputNames, picture: index),
          files: written)
      }
    }
    try written.check()
    progress.finish()
    try report.finish(
      RunReport(
        outputs: plan.paths, preview: nil, networks: networks.records.isEmpty ? nil : networks.records,
        summary: result.summary,
        options: StoredOptions(result.summary, inputs: inputNames, picture: 0), seconds: progress.elapsed,
        peakMemoryBytes: ProcessUsage.peakMemory),
      images: result.images)
  }

  /// The options that give the inputs, each where it was found.
  private func arguments(_ names: InputNames) throws -> [String] {
    let sources = [
      ("--sketch", sketch, Optional(names.sketch)), ("--sketch-mask", sketchMask, names.sketchMask),
      ("--background", background, names.background), ("--extractor", extractor, names.extractor),
      ("--segmenter", segmenter, names.segmenter), ("--sketch-segmenter", sketchSegmenter, names.sketchSegmenter),
    ]
    var arguments =
      ["--output", output] + (names.alphaMasks ? ["--alpha-masks"] : [])
      + (names.foundMasks == true ? ["--masks", "auto"] : [])
      + (names.segmenterInput.map { ["--segmenter-input", $0.rawValue] } ?? [])
    for (option, given, name) in sources {
      if let path = try given ?? name.map({ try find($0, option) }) { arguments += ["\(option)=\(path)"] }
    }
    return PlacedFile.numbering(arguments + (try references(names)))
  }

  /// The options that give the references, each followed by what belongs to it.
  private func references(_ names: InputNames) throws -> [String] {
    let stored =
      [ReferenceFiles(reference: names.reference, region: names.referenceRegion, mask: names.referenceMask)]
      + (names.furtherReferences ?? [])
    guard reference.isEmpty || reference.count == stored.count else {
      throw ToolError.usage(
        "\(picture): it was made with \(stored.count) references, and --reference is given \(reference.count) times; give "
          + "each in its place, or none")
    }
    func given(_ files: [PlacedFile], _ index: Int) -> String? { files.last { $0.reference == index }?.path }
    return try stored.enumerated().flatMap { index, names in
      let files = [
        ("--reference", reference.isEmpty ? nil : reference[index], Optional(names.reference)),
        ("--region", given(region, index), names.region), ("--reference-mask", given(referenceMask, index), names.mask),
      ]
      return try files.compactMap { option, given, name in
        try (given ?? name.map { try find($0, option) }).map { "\(option)=\($0)" }
      }
    }
  }

  private func find(_ name: String, _ option: String) throws -> String {
    let folder = picture.lastIndex(of: "/").map { String(picture[...$0]) } ?? ""
    // Only a name was stored; what a picture says is not followed elsewhere.
    let file = InputNames.name(name)
    guard let found = [folder + file, file].first(where: { FileName.kind($0) != .none }) else {
      throw ToolError.usage(
        "\(picture): it was made from \(ToolError.oneLine(file)), which is neither beside it nor in this folder; say with "
          + "\(option) where it is")
    }
    return found
  }
}

extension StoredOptions {
  /// What is stored in a picture.
  ///
  /// - Throws: ``ToolError`` for a picture that holds no options.
  init(readFrom path: String) throws { self = try Self.read(from: path).options }

  /// What is stored in a picture, and the program that it says made it.
  ///
  /// - Throws: ``ToolError`` for a picture that holds no options.
  static func read(from path: String) throws -> (options: StoredOptions, software: String?) {
    let texts: [(key: String, value: String)]
    do {
      texts =
        try path == StandardStreams.name
        ? PNGText.read(StandardStreams.input(), file: "standard input") : PNGText.read(path: path)
    } catch {
      throw ToolError.usage(error.description)
    }
    guard let parameters = texts.first(where: { $0.key == "parameters" })?.value,
      let options = StoredOptions(parameters: parameters)
    else { throw ToolError.usage("\(path): this PNG holds no options of this program; give a picture that it made") }
    return (options, texts.first { $0.key == "Software" }?.value)
  }
}
