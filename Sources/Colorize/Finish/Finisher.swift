// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// From the network's paintings to the pictures that are asked for: flats, and the lines over them.
package struct Finisher {
  /// The drawing in the result's frame, without guide strokes.
  package let drawing: Image
  private let settings: ColorizeSettings
  private let options: FlatsOptions
  private let sides: PaletteSides?
  private let carried: CarriedColors?
  private let hints: (strokes: Image, palette: Palette?)?
  private let map: RegionMap?
  /// The artist's own lines, where they are asked for.
  private let ownLines: LineLayer?
  /// Where the network's lines are shown over flats.
  private let ink: Image?
  private let lineRemoval: LineRemoval?

  /// What it takes at most while it works, in bytes a pixel of the drawing. Measured: 15 at 4096 x 4096 for regions and
  /// flats, 21 with the artist's lines over them; drawings of many small regions take more.
  static let bytesPerPixel = 32

  /// How far beside a line the network's own reaches, in pixels that it works on.
  private static let reach = 2.5

  /// Finds the regions, where anything needs them.
  ///
  /// - Parameters:
  ///   - sketch: in the result's frame, with its guide strokes.
  ///   - drawing: the same without them, nil to take them out here.
  ///   - polarity: the one that was found.
  ///   - palette: what flats are painted in; nil takes the painting's own colours.
  ///   - sides: which of its colours belong to the figure, which to the ground; nil where all regions may have all.
  ///   - source: what the regions' colours may be carried over from.
  ///   - hints: strokes of colour over the drawing, and the only colours that they may become, if there are such.
  ///   - workingSize: what the network works on.
  package init(
    _ settings: ColorizeSettings, sketch: Image, drawing: Image? = nil, polarity: SketchPolarity, palette: Palette?,
    sides: PaletteSides? = nil, source: CarriedColors.Source? = nil,
    hints: (strokes: Image, palette: Palette?)? = nil, workingSize: ImageSize
  ) throws {
    self.settings = settings
    self.hints = hints
    self.sides = sides
    options = FlatsOptions(
      palette: palette, farDistance: settings.flats.farDistance, maximumColors: settings.flats.maximumColors)
    let drawing = try drawing ?? settings.withoutGuides(sketch)
    self.drawing = drawing
    guard settings.needsRegions else {
      (map, ownLines, self.ink, lineRemoval, carried) = (nil, nil, nil, nil, nil)
      return
    }
    // Regions, lines and their removal all look at the ink.
    let ink = InkMap(drawing, polarity: polarity)
    let source = settings.needsFlats ? source : nil
    // Without guide strokes both are the same picture; with them, scaling may have mixed them into it.
    let isWholeDrawing = settings.guides == nil
    let mask = isWholeDrawing || source != nil ? LineMask(ink) : nil
    let map = try RegionMap(
      lineArt: sketch, options: settings.flats.regionOptions(polarity: polarity, guides: settings.guides),
      lines: isWholeDrawing ? mask : nil)
    self.map = map
    try Task.checkCancellation()
    carried = try source.flatMap { source in try mask.map { try CarriedColors(map, lines: $0, source) } }
    ownLines = settings.lines == .own ? drawing.lineLayer(ink) : nil
    self.ink = settings.fill == .flats && settings.lines == .network ? drawing.ink(ink) : nil
    if settings.fill == .painting, settings.lines != .network {
      let scale = Double(max(sketch.width, sketch.height)) / Double(max(workingSize.width, workingSize.height))
      lineRemoval = try LineRemoval(map, ink: ink, reach: Self.reach * max(scale, 1))
    } else {
      lineRemoval = nil
    }
  }

  /// How the drawing lies in what its colours are carried over from; nil where none are.
  package var alignment: Alignment? { carried?.alignment }

  /// Finishes a painting of the working size.
  package func finish(_ painting: Image) throws -> ColorizeResult.Picture {
    try Task.checkCancellation()
    var flats =
      try settings.needsFlats
      ? map.map { try Flats($0, painting: painting, options: options, sides: sides, carried: carried) } : nil
    if let hints { try flats?.take(hints: hints.strokes, palette: hints.palette) }
    let framed =
      painting.size == drawing.size ? painting : try painting.resized(width: drawing.width, height: drawing.height)
    let cleared = lineRemoval.map { $0(framed) }
    let fill = if settings.fill == .flats, let flats { flats.image } else { cleared ?? framed }
    try Task.checkCancellation()
    let lines = ownLines ?? ink.map { ink in LineLayer(framed.withAlpha { ink.pixels[$0 * 4 + 3] }, .normal) }
    return ColorizeResult.Picture(
      image: lines.map { fill.lined(with: $0) } ?? fill, painting: framed, flats: flats, drawing: drawing,
      clearedPainting: cleared, lines: lines)
  }
}

extension ColorizeSettings {
  /// A sketch without the guide strokes that the settings speak of.
  package func withoutGuides(_ sketch: Image) throws(FlatsError) -> Image {
    guard let guides else { return sketch }
    return try sketch.removingGuides(guides)
  }

  /// Whether flats are asked for, in the picture or beside it.
  var needsFlats: Bool { fill == .flats || makesFlats }

  /// Whether anything needs the drawing's regions: whatever makes more of a painting than what the network painted.
  var needsRegions: Bool { needsFlats || lines != .network }
}
