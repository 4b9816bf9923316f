// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore

extension FigureMask.Method: ExpressibleByArgument {}

/// Makes a mask of a picture's figure.
struct MaskCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mask", abstract: "Find the figure of a picture, and write a mask of it: white is figure.",
    discussion: """
      Of a cut-out its transparency; else a small built-in network finds it, whose result follows the lines of a drawing \
      and the colours of a picture. A mask to be looked at. With --segmenter, anime IS-Net finds it. Without a network: \
      --method lines, what lines enclose, and --method colors, what lacks the colours of the border.
      """)

  @Argument(help: ArgumentHelp("A drawing or a coloured picture.", valueName: "input"))
  var input: String

  @Argument(help: ArgumentHelp("The mask to write.", valueName: "output"))
  var path: String

  @Option(
    help: ArgumentHelp(
      "How to look for it: alpha, built-in, lines, colors, or network, which needs --segmenter. (default: the network, "
        + "if one is given, else alpha of a cut-out, else built-in)", valueName: "name"))
  var method: FigureMask.Method?

  @Option(
    help: ArgumentHelp(
      "What the network is to take it for: a drawing or a coloured picture. (default: by its looks)",
      valueName: "name"))
  var subject: SubjectChoice = .auto

  @OptionGroup var shaping: MaskShapingOptions
  @OptionGroup var segmentation: SegmenterOptions
  @OptionGroup var backendOptions: BackendOptions
  @OptionGroup var replacing: OverwriteOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    try report.check()
    let method = try chosenMethod()
    try checkShaping()
    if !segmentation.isGiven {
      let idle = [
        ("--subject", subject != .auto), ("--segmenter-input", segmentation.segmenterInput != .negative),
      ].filter(\.1).map(\.0)
      if !idle.isEmpty { report.note("\(idle.joined(separator: " and ")) is for --segmenter; give the network's file") }
      if let line = IdleNotes.line(backendOptions.flags, "no network computes here; --segmenter gives one") {
        report.note(line)
      }
    }
    try StandardStreams.claim(inputs: [input], output: path, json: report.json)
    if path != StandardStreams.name { try OutputCheck.checkName(path) }
    let image: Image
    do {
      image = try StandardStreams.load(input).image
      if path != StandardStreams.name { _ = try ImageFormat(pathExtensionOf: path) }
    } catch {
      throw ToolError.usage(error.description)
    }
    if path != StandardStreams.name {
      try OutputCheck(
        overwrite: replacing.overwrite,
        inputs: [input] + [segmentation.segmenter, segmentation.sketchSegmenter].compactMap(\.self)
      ).check([path])
    }
    let progress = Progress(isQuiet: report.quiet)
    defer { progress.finish() }
    let found: FigureMask
    var work: NetworkWork?
    if method == .network {
      (found, work) = try await findByNetwork(image, progress)
    } else {
      do throws(ImageError) {
        found = try image.figureMask(method)
      } catch {
        throw ToolError.usage("\(input): \(error.description)")
      }
    }
    progress.finish()
    let mask = shaping.shaping.map { found.mask.shaped($0) } ?? found.mask
    if path == StandardStreams.name {
      try StandardStreams.write(try mask.image.pngData())
    } else {
      let files = OutputFiles(overwrites: replacing.overwrite)
      try files.write(path) { try mask.image.write(to: $0, existing: $1) }
      try files.check()
    }
    if !found.isPlausible { report.note(found.doubt(of: "the picture's")) }
    let coverage = mask.values.reduce(0, +) / Float(max(mask.values.count, 1))
    if report.json {
      return Console.shared.output(
        try JSONOutput.line(Output(output: path, method: found.method, coverage: coverage, work: work)))
    }
    guard !report.quiet else { return }
    if report.verbose, let work { Console.shared.message(work.text("finding the figure")) }
    Console.shared.output(
      "wrote \(ToolError.oneLine(path)): \(Int((coverage * 100).rounded())) % are figure, found by \(found.words)")
  }

  private func checkShaping() throws {
    do {
      try shaping.shaping?.validate()
    } catch let error as ColorizeError {
      throw ToolError.usage(error.inOptions)
    }
  }

  /// The method, nil for the automatic choice of those that need no file.
  private func chosenMethod() throws -> FigureMask.Method? {
    guard segmentation.isGiven else {
      if method == .network { throw ToolError.usage("--method network: give the network's file with --segmenter") }
      return method
    }
    guard method == nil || method == .network else {
      throw ToolError.usage(
        "--segmenter finds the figure with a network, and --method is \(method?.rawValue ?? ""); leave one out")
    }
    return .network
  }

  private func findByNetwork(_ image: Image, _ progress: Progress) async throws -> (FigureMask, NetworkWork) {
    let segmenters = try await segmentation.open(on: backendOptions.makeBackend())
    var subject = subject.subject
    if subject == nil, segmentation.segmenter == nil { subject = .drawing }
    if subject == nil { subject = try FigureSegmenter.subject(of: image) }
    let (own, isDrawing) = (segmentation.sketchSegmenter, subject == .drawing)
    var idle = IdleNotes()
    idle.add([("--sketch-segmenter", own != nil && !isDrawing)], "the input is taken for a coloured picture")
    idle.add(
      [
        ("--segmenter", segmentation.segmenter != nil && own != nil && isDrawing),
        ("--segmenter-input", segmentation.segmenterInput != .negative && isDrawing),
      ], "the input is taken for a drawing")
    idle.lines.forEach(report.note)
    guard let segmenter = subject == .drawing ? segmenters.drawing : segmenters.picture else {
      throw ToolError.usage("--sketch-segmenter is for drawings; give a network for coloured pictures with --segmenter")
    }
    progress.begin("finding the figure with anime IS-Net")
    var work = NetworkWork(
      "anime IS-Net", try segmenter.memoryDemand(width: image.width, height: image.height))
    let found = try await segmenter.mask(of: image, as: subject) { progress.share($0) }
    work.finish()
    return (found, work)
  }

  private struct Output: Encodable {
    let output: String
    let method: FigureMask.Method
    let coverage: Float
    /// What a network took that found the figure.
    var work: NetworkWork?
    /// What was noted, as on standard error.
    let notes = Console.shared.notes
  }
}

extension FigureMask {
  /// The coverage in whole hundredths.
  var percent: Int { Int((coverage * 100).rounded()) }

  /// How the figure was found, in words.
  var words: String {
    switch method {
    case .alpha: "transparency"
    case .builtIn: "the built-in network"
    case .lines: "the lines"
    case .colors: "the colours of the border"
    case .network: "IS-Net"
    }
  }

  /// What was found, in a line.
  func finding(of owner: String) -> String {
    isPlausible ? "\(owner) figure was found by \(words): \(percent) % of it" : doubt(of: owner)
  }

  /// What to say of one that is hardly a figure.
  func doubt(of owner: String) -> String {
    "\(owner) figure was found to cover \(percent) % of it, which is hardly a figure; give a mask"
  }
}
