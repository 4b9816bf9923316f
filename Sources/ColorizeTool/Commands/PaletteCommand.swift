// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore
import Foundation

/// Shows a palette's colours, or a picture's, and writes them in another format.
struct PaletteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "palette", abstract: "Show and convert a palette, or the flat colours of a picture.",
    discussion: """
      Reads palettes of GIMP (.gpl), Adobe (.ase, .aco, .act), Krita (.kpl) and JASC (.pal), lists of hexadecimal \
      colours (.hex, .txt), pictures of swatches, and any other picture, of which it finds the flat colours. The content decides what a file is, not its name. Writes what the output's extension says; .gpl, \
      .ase, .aco and .kpl keep names.
      """)

  @Argument(help: ArgumentHelp("A palette or a picture; - is standard input.", valueName: "file"))
  var path: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Write it: .gpl, .ase, .aco, .kpl, .hex, .txt, .pal, .act or .png.", valueName: "file"))
  var output: String?

  @Option(
    name: [.long, .customLong("colors")],
    help: ArgumentHelp(
      "The most colours that are found in a picture, 1 to 256; swatches are then not looked for. (default: 64)",
      valueName: "n"))
  var colours: Int?

  @Flag(help: "Print one JSON object.") var json = false

  @OptionGroup var replacing: OverwriteOptions

  func run() async throws {
    if let colours, colours < 1 || colours > 256 {
      throw ToolError.usage("--colours is \(colours), expected 1 to 256")
    }
    if output == nil, replacing.overwrite { Console.shared.note("--overwrite does nothing: no --output is given") }
    let format = try output.map { try checkedFormat(ofOutput: $0) }
    let (path, colours) = (path, colours)
    let (palette, source) = try await Interruption.shared.endingAtOnce { try Self.read(path, colours: colours) }
    if let output, let format {
      let files = OutputFiles(overwrites: replacing.overwrite)
      do {
        // What cannot be written is said before the file is touched.
        try files.write(output) { try palette.write(to: $0, existing: $1) }
      } catch PaletteError.unsuitable(_, let reason) {
        throw ToolError.usage("--output \(output): \(format) has no room for it: \(reason); choose another format")
      } catch let error as PaletteError {
        throw ToolError(.failure, error.description)
      }
      try files.check()
    }
    if json {
      Console.shared.output(try JSONOutput.line(PaletteReport(palette, file: path, format: source, output: output)))
      return
    }
    for line in PaletteTable(palette, showsColors: PaletteTable.isTerminal).lines { Console.shared.output(line) }
    guard let output, let format else { return }
    Console.shared.output("wrote \(ToolError.oneLine(output))")
    if !format.keepsNames, palette.entries.contains(where: { $0.name != nil }) {
      Console.shared.note("\(format) files have no names; .gpl, .ase, .aco and .kpl keep them")
    }
  }

  private static func read(_ path: String, colours: Int?) throws -> (Palette, PaletteFormat) {
    do {
      if path == StandardStreams.name {
        let (bytes, name) = (try StandardStreams.input(), "standard input")
        guard let colours else {
          return (try Palette(data: bytes, file: name), try PaletteFormat(sniffing: bytes, file: name))
        }
        return (try Palette(of: Image.decode(bytes, file: name).image, maximumColors: colours), .picture)
      }
      guard let colours else { return try Palette.readWithFormat(path) }
      return (try Palette(of: Image.load(path), maximumColors: colours), .picture)
    } catch ImageError.unknownFormat where colours != nil {
      throw ToolError.usage("--colours is for pictures, and \(path) is none; leave it out")
    } catch let error as ImageError {
      throw ToolError.usage(error.description)
    } catch let error as PaletteError {
      throw ToolError.usage(error.description)
    }
  }

  /// The format to write, once it is known that the file may be written.
  private func checkedFormat(ofOutput output: String) throws -> PaletteFormat {
    try OutputCheck.checkName(output, option: "--output")
    let format: PaletteFormat
    do {
      format = try PaletteFormat(pathExtensionOf: output)
    } catch {
      throw ToolError.usage("--output \(error.description)")
    }
    try OutputCheck(option: "--output", overwrite: replacing.overwrite, inputs: [path]).check([output])
    return format
  }
}

/// A palette as a table.
struct PaletteTable {
  let palette: Palette
  /// Whether each row begins with its colour, by an escape sequence of terminals.
  let showsColors: Bool

  init(_ palette: Palette, showsColors: Bool) {
    self.palette = palette
    self.showsColors = showsColors
  }

  /// Whether standard output is a terminal that shows colours. (https://no-color.org)
  static var isTerminal: Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(STDOUT_FILENO) == 1 && environment["TERM"] != "dumb" && environment["NO_COLOR", default: ""].isEmpty
  }

  var lines: [String] {
    let count = palette.entries.count
    let title = palette.name.map { "palette: \(ToolError.oneLine($0)), " } ?? "palette: "
    let width = max(String(count).count, 2)
    return [title + (count == 1 ? "1 colour" : "\(count) colours")]
      + palette.entries.enumerated().map { index, entry in
        let color = entry.color
        let block = showsColors ? "\u{1B}[48;2;\(color.red);\(color.green);\(color.blue)m    \u{1B}[0m " : ""
        let lab = Lab(color)
        let numbers = [lab.lightness, lab.a, lab.b].map { value in
          // No zero with a sign.
          Self.padded(String(format: "%.1f", abs(value) < 0.05 ? 0 : value), to: 6)
        }
        let name = entry.name.map { "  " + ToolError.oneLine($0) } ?? ""
        return block + Self.padded(String(index + 1), to: width) + "  \(color)  Lab" + numbers.joined() + name
      }
  }

  private static func padded(_ text: String, to width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}

/// A palette as `--json` prints it.
struct PaletteReport: Encodable {
  struct Color: Encodable {
    let index: Int
    let hex: String
    let name: String?
    /// L, a and b, to two decimals.
    let lab: [Double]
  }

  let file: String
  let format: String
  let name: String?
  let colors: [Color]
  let output: String?

  init(_ palette: Palette, file: String, format: PaletteFormat, output: String?) {
    self.file = file
    self.format = format.description
    self.output = output
    name = palette.name
    colors = palette.entries.enumerated().map { index, entry in
      let lab = Lab(entry.color)
      return Color(
        index: index + 1, hex: entry.color.description, name: entry.name,
        lab: [lab.lightness, lab.a, lab.b].map { ($0 * 100).rounded() / 100 + 0 })
    }
  }
}
