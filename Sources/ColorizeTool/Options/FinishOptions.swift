// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore
import LayeredPictures

/// What becomes of the network's painting: fills, lines, flats and layers.
struct FinishOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How the result's areas are filled: painting, as the network painted them; flats, each closed region of the "
        + "sketch in one colour. (default: what suits the model)", valueName: "name"))
  var fill: FillStyle?

  @Option(
    help: ArgumentHelp(
      "Which lines stand over them: own, the sketch's, untouched; network, as it painted them; none. (default: what "
        + "suits the model)", valueName: "name"))
  var lines: LineSource?

  @Option(
    help: ArgumentHelp(
      "Also write the flats alone there, a .png without lines and without antialiasing, with a palette where 256 colours "
        + "are enough.", valueName: "file"))
  var flats: String?

  @Option(
    help: ArgumentHelp(
      "Also write the map of the regions there, a .png whose pixels are region numbers, and beside it a .json of each "
        + "region's colour, area, box, vote and neighbours.", valueName: "file"))
  var regions: String?

  @Option(
    help: ArgumentHelp(
      "The colours of flats: reference, its own flat colours; painting, those that the network painted; or a file: .gpl, "
        + ".ase, .aco, .kpl, a list of #RRGGBB, or a picture of swatches.", valueName: "name or file"))
  var palette = "reference"

  @Option(
    name: [.customLong("colours"), .customLong("colors")],
    help: ArgumentHelp(
      "The most colours that flats take from the reference or the painting, 1 to 4096. (default: what suits the model)",
      valueName: "n"))
  var colors: Int?

  @Option(
    help: ArgumentHelp(
      "Whether flats take colours from the same places of the reference: auto, where it shows the sketch's subject in a "
        + "similar view, moved, turned, scaled or mirrored; none, only those that the network painted.",
      valueName: "name"))
  var align = FlatsSettings().alignment

  @Option(
    help: ArgumentHelp(
      "Regions that were painted further than this CIEDE2000 difference from every colour are listed, 0 to 100.",
      valueName: "difference"))
  var far = FlatsSettings().farDistance

  @Option(
    help: ArgumentHelp(
      "The widest gap between lines that is closed, 0 to 1000 pixels of the sketch. (default: a thirtieth of the "
        + "shorter side)", valueName: "pixels"))
  var gap: Double?

  @Option(
    help: ArgumentHelp(
      "Smaller areas go to a neighbour, in pixels of the sketch, unless lines enclose them. (default: a ten-thousandth of "
        + "the sketch)", valueName: "pixels"))
  var leastArea: Int?

  @Option(
    help: ArgumentHelp(
      "Strokes of colour on a transparent ground, over the sketch: the regions under them are painted so, and flats take "
        + "their colours, with a palette's file its nearest ones.", valueName: "file"))
  var hints: String?

  @Option(
    help: ArgumentHelp(
      "How far the network's painting moves to the colours of --hints, 0 to 1; with 0 flats alone take them. (default: 1)",
      valueName: "part"))
  var hintStrength: Float?

  @Flag(
    help: ArgumentHelp(
      "Strokes in red (highlight) and blue (shadow) bound regions and vanish: the smaller side takes the palette's "
        + "\"NAME highlight\" or \"NAME shadow\", where it has one."))
  var guides = false

  @Option(
    help: ArgumentHelp(
      "Guide strokes of a hue of your own instead, in degrees (red 0, green 120, blue 240): highlight=60, shadow=300, or "
        + "base=120 for strokes that bound only. May be repeated.", valueName: "shade=hue"))
  var guide: [GuideHue] = []

  @Option(
    help: ArgumentHelp(
      "Also write a picture of layers there: background, flats, painting, lines; .ora or .psd. May be repeated.",
      valueName: "file"))
  var layers: [String] = []

  @Option(
    name: [.customLong("layers-by")],
    help: ArgumentHelp("The layers that flats are put into: one of each colour, or of each region.", valueName: "name"))
  var layersBy: FlatLayering = .color

  /// Whether anything that is written needs flats.
  var needsFlats: Bool { flats != nil || regions != nil || !layers.isEmpty }

  /// Sets what the options name, and what suits the model for the rest.
  func apply(to request: inout ColorizeRequest, defaults: FinishDefaults) throws {
    request.fill = fill ?? defaults.fill
    request.lines = lines ?? defaults.lines
    request.makesFlats = needsFlats
    request.flats.maximumColors = colors ?? defaults.maximumColors ?? request.flats.maximumColors
    request.flats.alignment = align
    request.flats.maximumGap = gap
    request.flats.minimumArea = leastArea
    request.flats.farDistance = far
    request.hintStrength = hintStrength
    if guides || !guide.isEmpty {
      request.guides = guide.isEmpty ? .default : GuideOptions(guide.map { .init(hue: $0.hue, shade: $0.shade) })
    }
    switch palette {
    case "reference": request.flats.colors = .reference
    case "painting": request.flats.colors = .painting
    default: request.palette = try Self.readPalette(palette)
    }
  }

  /// Makes sure that what is said of hints has some.
  func checkHints() throws {
    guard hints == nil, hintStrength != nil else { return }
    throw ToolError.usage("--hint-strength is for --hints; give the strokes, or leave it out")
  }

  /// The strokes of colour, if there are any; a picture that cannot be read is a fault of the command line.
  static func readHints(_ path: String?, for sketch: Image) throws -> Image? {
    guard let path else { return nil }
    do {
      let hints = try StandardStreams.load(path).image
      try hints.checkHints(for: sketch.size)
      return hints
    } catch let error as ImageError {
      throw ToolError.usage("--hints \(error.description)")
    } catch let error as FlatsError {
      throw ToolError.usage("--hints \(path): \(error)")
    }
  }

  /// A palette's file; one that cannot be read is a fault of the command line.
  static func readPalette(_ path: String) throws -> Palette {
    do {
      return try Palette.read(path)
    } catch {
      throw ToolError.usage("--palette \(error.description)")
    }
  }
}

/// A kind of guide strokes: `highlight=60`.
struct GuideHue: ExpressibleByArgument {
  let shade: Shade
  let hue: Double

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let shade = Shade(rawValue: String(parts[0])), let hue = Double(parts[1]),
      (0...360).contains(hue)
    else { return nil }
    self.shade = shade
    self.hue = hue
  }
}

extension FillStyle: ExpressibleByArgument {}
extension FlatsSettings.AlignmentUse: ExpressibleByArgument {}
extension LineSource: ExpressibleByArgument {}

extension FlatLayering: ExpressibleByArgument {
  public init?(argument: String) {
    self.init(rawValue: argument == "colour" ? "color" : argument)
  }

  public static var allValueStrings: [String] { ["colour", "region"] }
}
