// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize

/// What comes out.
struct OutputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The longer side that the network works on, 64 to 4096. (default: the model's own area, at the sketch's "
        + "aspect)", valueName: "pixels"))
  var size: Int?

  @Option(help: ArgumentHelp("The result's size: the sketch's, or the one the network worked on.", valueName: "name"))
  var frame: ColorizeRequest.Frame = .sketch

  @Option(
    help: ArgumentHelp(
      "How many pictures, 1 to 64, with seeds counted up. Several are numbered: result-1.png, result-2.png ... (of ten "
        + "and more result-01.png).", valueName: "n"))
  var count = 1

  @Option(
    help: ArgumentHelp(
      "Every n steps, show the first picture as it is: result.preview.png, replaced each time and left there.",
      valueName: "n"))
  var previews: Int?

  @Option(
    help: ArgumentHelp(
      "Bits of a sample in the file, 8 or 16 (PNG and TIFF): for programs that want 16. The picture is the same.",
      valueName: "n"))
  var bits: BitsChoice = .eight

  @Flag(
    help: ArgumentHelp(
      "Cut the result out as the sketch is: with its alpha channel. For cut-out figures, and not in JPEG."))
  var keepAlpha = false

  @Flag(
    name: .customLong("no-metadata"),
    help: ArgumentHelp("Write the picture alone: no options, no program's name, no resolution."))
  var leavesOutMetadata = false

  @OptionGroup var replacing: OverwriteOptions
}

/// Bits of a sample in a file.
enum BitsChoice: Int, ExpressibleByArgument, CaseIterable {
  case eight = 8
  case sixteen = 16
}

/// What memory may be used.
struct MemoryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Decode in tiles of so many pixels a side, 128 to 4096: a smaller tile takes less memory and more time. auto "
        + "takes tiles of 512 for pictures that are larger, off none.", valueName: "pixels"))
  var vaeTile: TilingChoice = .automatic

  @Flag(
    help: ArgumentHelp(
      "Keep only what the running stage needs of the model, and read the rest again when it is needed. Slower, the same "
        + "picture."))
  var lowMemory = false

  @Flag(help: "Start even if memory looks too small.")
  var force = false

  var use: MemoryUse { lowMemory ? .low : .normal }

  /// The advice in options.
  static func text(of advice: MemoryAdvice) -> String {
    let anyway = "or start all the same with --force"
    guard let bytes = advice.neededBytes else { return "no size fits: free some memory, \(anyway)" }
    var options: [String] = []
    if advice.memory == .low { options.append("--low-memory") }
    if let tile = advice.vaeTile { options.append("--vae-tile \(tile)") }
    if let count = advice.count { options.append("--count \(count)") }
    if let size = advice.size { options.append("--size \(size)") }
    return "with \(options.joined(separator: " ")) it needs \(Format.bytes(bytes)); change that, \(anyway)"
  }
}

/// What is said about it.
struct ReportOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Print exactly one JSON object on standard output: what was done, or {\"error\": ...}."))
  var json = false

  @Flag(help: "No progress and no notes; only errors.")
  var quiet = false

  @Flag(help: "Also say what was loaded and how long each stage took.")
  var verbose = false

  func check() throws {
    if quiet && verbose { throw ToolError.usage("--quiet and --verbose exclude each other; give one") }
  }

  /// Says something on standard error that the user may want to know, and in the report of `--json`.
  func note(_ text: String) { Console.shared.note(text, isShown: !quiet) }
}
