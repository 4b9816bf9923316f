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
      The sketch, the reference and the masks are looked for where they were from the picture, and under their names \
      beside it and in the current folder; a file that is not the one which the picture was made from is not taken. Where \
      one is elsewhere, or was changed and is meant, say where. --verbose says which files are taken. Settings are as \
      they were; the seed may be another.
      """)

  @Argument(help: ArgumentHelp("A PNG that this program made; - is standard input.", valueName: "picture"))
  var picture: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Where the result goes: .png, .jpg, .tif, .webp or .tga; - is standard output.", valueName: "file"))
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

  @Option(
    help: ArgumentHelp(
      "Bits of a sample in the file, 8 or 16 (PNG and TIFF). (default: the picture's own)", valueName: "n"))
  var bits: BitsChoice?

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "Cut the result out as the sketch is: with its alpha channel. (default: as the picture is)"))
  var keepAlpha: Bool?

  @OptionGroup var options: ModelRunOptions

  private var report: ReportOptions { options.report }

  func run() async throws {
    try report.check()
    let (stored, _, bytes) = try StoredOptions.read(from: picture)
    let search = InputSearch(picture, bytes: bytes, names: stored.origin.inputs)
    let inputs = try InputOptions.parse(try arguments(stored.origin.inputs, search))
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
    let paletteFile = try file("palette", "--palette", palette, stored.origin.inputs.palette, search)
    if let paletteFile { request.palette = try FinishOptions.readPalette(paletteFile) }
    let hintsFile = try file("hints", "--hints", hints, stored.origin.inputs.hints, search)
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
    let writer = try PictureWriter(writing(as: bytes, of: pictures.sketch), pictures: pictures, path: output)
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
    inputNames = inputNames.identified(from: output)
    if report.verbose {
      for (role, path) in inputNames.roles { Console.shared.message("colorize: \(role): \(ToolError.oneLine(path))") }
    }
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
        outputs: plan.paths, preview: nil, inputs: inputNames.roles.map(\.path),
        networks: networks.records.isEmpty ? nil : networks.records,
        summary: result.summary,
        options: StoredOptions(result.summary, inputs: inputNames, picture: 0), seconds: progress.elapsed,
        peakMemoryBytes: ProcessUsage.peakMemory),
      images: result.images)
  }

  /// The options that give the inputs, each where it was found.
  private func arguments(_ names: InputNames, _ search: InputSearch) throws -> [String] {
    let sources = [
      ("sketch", "--sketch", sketch, Optional(names.sketch)),
      ("sketchMask", "--sketch-mask", sketchMask, names.sketchMask),
      ("background", "--background", background, names.background),
      ("extractor", "--extractor", extractor, names.extractor),
      ("segmenter", "--segmenter", segmenter, names.segmenter),
      ("sketchSegmenter", "--sketch-segmenter", sketchSegmenter, names.sketchSegmenter),
    ]
    var arguments =
      ["--output", output] + (names.alphaMasks ? ["--alpha-masks"] : [])
      + (names.foundMasks == true ? ["--masks", "auto"] : [])
      + (names.segmenterInput.map { ["--segmenter-input", $0.rawValue] } ?? [])
    for (role, option, given, name) in sources {
      // What the picture was made without is told by what reads it.
      if let path = try file(role, option, given, name, search) ?? given { arguments += ["\(option)=\(path)"] }
    }
    return PlacedFile.numbering(arguments + (try references(names, search)))
  }

  /// The options that give the references, each followed by what belongs to it.
  private func references(_ names: InputNames, _ search: InputSearch) throws -> [String] {
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
      let role = InputNames.role(ofReference: index)
      let files = [
        (role, "--reference", reference.isEmpty ? nil : reference[index], Optional(names.reference)),
        ("\(role)Region", "--region", given(region, index), names.region),
        ("\(role)Mask", "--reference-mask", given(referenceMask, index), names.mask),
      ]
      return try files.compactMap { role, option, given, name in
        try (file(role, option, given, name, search) ?? given).map { "\(option)=\($0)" }
      }
    }
  }

  /// Where an input is: as it is given, or as it is found; nil for one that the picture was made without.
  private func file(
    _ role: String, _ option: String, _ given: String?, _ name: String?, _ search: InputSearch
  ) throws -> String? {
    guard let name else { return nil }
    guard let given else { return try search.path(role, name, option: option) }
    search.check(given, role, option: option, note: report.note)
    return given
  }

  /// How the result is written: as the picture was, as far as the result's format and the sketch allow.
  private func writing(as bytes: [UInt8], of sketch: Image) throws -> OutputOptions {
    var options = try OutputOptions.parse([])
    let codec = output == StandardStreams.name ? ImageFormat.png.codec : try ImageFormat(pathExtensionOf: output).codec
    let depth = PNGHeader(bytes).bitDepth == 16 ? BitsChoice.sixteen : .eight
    let hasDepth = codec?.bitDepths.contains(depth.rawValue) ?? true
    options.bits = bits ?? (hasDepth ? depth : .eight)
    let keeps = PNGHeader(bytes).hasAlpha && sketch.hasTransparency
    let hasAlpha = codec?.keepsAlpha ?? true
    options.keepAlpha = keepAlpha ?? (keeps && hasAlpha)
    if bits == nil, !hasDepth { report.note("the picture has 16 bits a sample, and \(output) has not: it has 8") }
    if keepAlpha == nil, keeps, !hasAlpha { report.note("the picture is cut out, and \(output) has no transparency") }
    return options
  }
}

/// What the header of a PNG says of its samples.
private struct PNGHeader {
  let bitDepth: UInt8
  let hasAlpha: Bool

  /// - Parameter bytes: a whole file that was read already.
  init(_ bytes: [UInt8]) {
    bitDepth = bytes.count > 25 ? bytes[24] : 8
    hasAlpha = bytes.count > 25 && bytes[25] & 4 != 0
  }
}

extension StoredOptions {
  /// What is stored in a picture, the program that it says made it, and all of its file.
  ///
  /// - Throws: ``ToolError`` for a picture that holds no options.
  static func read(from path: String) throws -> (
    options: StoredOptions, software: String?, bytes: [UInt8]
  ) {
    let bytes: [UInt8]
    let texts: [(key: String, value: String)]
    do {
      let isStream = path == StandardStreams.name
      bytes = try isStream ? StandardStreams.input() : Image.bytes(ofFile: path)
      texts = try PNGText.read(bytes, file: isStream ? "standard input" : path)
    } catch {
      throw ToolError.usage(error.description)
    }
    guard let parameters = texts.first(where: { $0.key == "parameters" })?.value,
      let options = StoredOptions(parameters: parameters)
    else { throw ToolError.usage("\(path): this PNG holds no options of this program; give a picture that it made") }
    return (options, texts.first { $0.key == "Software" }?.value, bytes)
  }
}
