// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The program; without a subcommand it colours.
struct ColorizeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "colorize",
    abstract: "Colours line art after a reference picture.",
    usage: """
      colorize --sketch <file> --reference <file> --output <file> [options]
      colorize <subcommand>
      """,
    discussion: """
      EXAMPLES:
        Colour a drawing with the colours of another picture:
          colorize -s sketch.png -r reference.png -o result.png
        Keep the figure and its background apart, by masks (white is figure):
          colorize -s sketch.png -r reference.png -o result.png \\
            --sketch-mask sketch-figure.png --reference-mask reference-figure.png
        In the colours of the show's palette, with layers for a paint program:
          colorize -s sketch.png -r reference.png -o result.png \\
            --palette show.gpl --layers result.psd
        Four proposals, result-1.png to result-4.png:
          colorize -s sketch.png -r reference.png -o result.png --count 4
        A checkpoint of the published v1.5 models, with weaker guidance:
          colorize -s sketch.png -r reference.png -o result.png \\
            --model switch.safetensors --preset v1.5 --steps 30 --guidance 3
        See it work without files of your own:
          colorize demo
      """,
    version: "\(Tool.name) \(Tool.version)",
    subcommands: [
      RunCommand.self, ShotCommand.self, AgainCommand.self, DemoCommand.self, SketchCommand.self, MaskCommand.self,
      HeatMapCommand.self,
      PaletteCommand.self, TrainCommand.self, DevicesCommand.self, ProfileCommand.self, InspectCommand.self,
      ConvertCommand.self, RandomModelCommand.self,
    ],
    defaultSubcommand: RunCommand.self)

  /// The help of the program: its own, and the options of the subcommand that runs by default.
  static var fullHelp: String {
    var options = ColorizeCommand.helpMessage(for: RunCommand.self)
    // Overview and usage before, --help and --version after: the program's own help says them already.
    if let start = options.range(of: "PICTURES:") { options = String(options[start.lowerBound...]) }
    if let end = options.range(of: "\n\nOPTIONS:") { options = String(options[..<end.lowerBound]) }
    return ColorizeCommand.helpMessage() + "\n\n" + options + "\n\n" + ExitStatus.help
  }
}
