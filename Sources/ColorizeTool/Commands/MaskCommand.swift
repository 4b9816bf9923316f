// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize

extension FigureMask.Method: ExpressibleByArgument {}

/// Makes a mask of a picture's figure.
struct MaskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mask", abstract: "Find the figure of a picture, and write a mask of it: white is figure.",
    discussion: """
      Of a cut-out its transparency, of line art what its lines enclose, of a coloured picture what lacks the colours of \
      its border. A rough mask, to be looked at: it is right where the figure stands alone.
      """)

  @Argument(help: ArgumentHelp("A drawing or a coloured picture.", valueName: "input"))
  var input: String

  @Argument(help: ArgumentHelp("The mask to write.", valueName: "output"))
  var path: String

  @Option(
    help: ArgumentHelp(
      "How to look for it: alpha, lines or colors. (default: what suits the picture)", valueName: "name"))
  var method: FigureMask.Method?

  @OptionGroup var replacing: OverwriteOptions
  @OptionGroup var report: ReportOptions

  func run() throws {
    try report.check()
    try StandardStreams.claim(inputs: [input], output: path, json: report.json)
    let image: Image
    do {
      image = try StandardStreams.load(input).image
      if path != StandardStreams.name { _ = try ImageFormat(pathExtensionOf: path) }
    } catch {
      throw ToolError.usage(error.description)
    }
    if path != StandardStreams.name {
      try OutputCheck(overwrite: replacing.overwrite, inputs: [input]).check([path])
    }
    let found: FigureMask
    do {
      found = try image.figureMask(method)
    } catch {
      throw ToolError.usage("\(input): \(error.description)")
    }
    if path == StandardStreams.name {
      try StandardStreams.write(try found.mask.image.pngData())
    } else {
      try found.mask.image.write(to: path)
    }
    if !found.isPlausible { report.note(found.doubt(of: "the picture's")) }
    if report.json {
      return Console.shared.output(
        try JSONOutput.line(Output(output: path, method: found.method, coverage: found.coverage)))
    }
    guard !report.quiet else { return }
    Console.shared.output("wrote \(path): \(found.percent) % are figure, found by \(found.words)")
  }

  private struct Output: Encodable {
    let output: String
    let method: FigureMask.Method
    let coverage: Float
  }
}

extension FigureMask {
  /// The coverage in whole hundredths.
  var percent: Int { Int((coverage * 100).rounded()) }

  /// How the figure was found, in words.
  var words: String {
    switch method {
    case .alpha: "transparency"
    case .lines: "the lines"
    case .colors: "the colours of the border"
    case .network: "IS-Net"
    }
  }

  /// What to say of one that is hardly a figure.
  func doubt(of owner: String) -> String {
    "\(owner) figure was found to cover \(percent) % of it, which is hardly a figure; give a mask"
  }
}
