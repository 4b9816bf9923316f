// SPDX-License-Identifier: Apache-2.0

import Colorize

extension LayeredPicture {
  /// A coloured drawing as its layers, from the lowest:
  ///
  /// 1. "Background": one colour, locked.
  /// 2. "Flats": a group of a layer for each colour or region; see
  ///    ``Layer/flats(labels:width:height:colors:names:by:)``.
  /// 3. "Painting": the picture that the network made. Where there are flats it is hidden: it would cover them, and
  ///    they are what is worked on, selected and refilled; shown, it is the light and the shadows to go by, and can be
  ///    clipped to them or painted from.
  /// 4. "Lines": the artist's own, over all.
  ///
  /// - Parameters:
  ///   - lines: The drawing, dark on light or transparent paper. Its size is the canvas.
  ///   - lineStyle: What becomes of its paper.
  ///   - flats: Layers of one colour each, the lowest first; none leaves the group out.
  ///   - painting: Without the artist's lines multiplied into it, or they are seen twice. Of the drawing's size.
  ///   - background: Nil leaves the picture transparent where nothing is painted.
  ///   - resolution: Pixels per inch, if it is known.
  /// - Throws: ``LayeredPictureError/invalid(reason:)`` for a painting of another size, and as
  ///   ``init(width:height:resolution:layers:)``.
  public init(
    lines: Image, lineStyle: LineStyle = .asDrawn, flats: [Layer] = [], painting: Image? = nil,
    background: RGB? = .white, resolution: Double? = nil
  ) throws(LayeredPictureError) {
    var layers: [Layer] = []
    if let background {
      let all = try Coverage(LayerBox(width: lines.width, height: lines.height))
      layers.append(.fill(name: "Background", color: background, coverage: all, isLocked: true))
    }
    if !flats.isEmpty { layers.append(.group(name: "Flats", flats)) }
    if let painting {
      guard painting.size == lines.size else {
        throw .invalid(
          reason:
            "The painting is of \(painting.size) pixels, the drawing of \(lines.size). Resize it to the drawing's size")
      }
      layers.append(.image(name: "Painting", painting, isVisible: flats.isEmpty))
    }
    layers.append(.lines(lines, style: lineStyle))
    try self.init(width: lines.width, height: lines.height, resolution: resolution, layers: layers)
  }

  /// A finished picture as its layers. What is visible is the picture; what it was not made of is there, hidden:
  ///
  /// 1. "Background": white, locked.
  /// 2. "Flats": a group of a layer for each colour or region, where the picture has flats.
  /// 3. "Painting": what the network painted, without its lines where the picture has none of them.
  /// 4. "Painted lines": those of the network, where they lie over flats.
  /// 5. "Lines": the artist's own.
  ///
  /// - Parameters:
  ///   - picture: One of a result's.
  ///   - settings: Those that it was made with.
  ///   - polarity: Whether the drawing's lines are dark or light, as the result's summary says.
  ///   - layering: A layer of flats for each colour, or for each region.
  ///   - resolution: Pixels per inch, if it is known.
  /// - Throws: ``LayeredPictureError``.
  public init(
    _ picture: ColorizeResult.Picture, settings: ColorizeSettings, polarity: SketchPolarity = .automatic,
    by layering: FlatLayering = .color, resolution: Double? = nil
  ) throws(LayeredPictureError) {
    let (width, height) = (picture.image.width, picture.image.height)
    let showsFlats = settings.fill == .flats && picture.flats != nil
    var layers: [Layer] = [
      .fill(
        name: "Background", color: .white, coverage: try Coverage(LayerBox(width: width, height: height)),
        isLocked: true)
    ]
    if let flats = picture.flats {
      let flats = try Layer.flats(
        labels: flats.map.labels, width: width, height: height, colors: flats.paints.map(\.color),
        names: flats.paints.map(\.name), by: layering)
      layers.append(.group(name: "Flats", flats, isVisible: showsFlats))
    }
    layers.append(.image(name: "Painting", picture.clearedPainting ?? picture.painting, isVisible: !showsFlats))
    let isOwn = settings.lines == .own
    if let lines = picture.lines, !isOwn { layers.append(.lines(lines, name: "Painted lines")) }
    let own = isOwn ? picture.lines : nil
    layers.append(.lines(own ?? picture.drawing.lineLayer(polarity: polarity), isVisible: own != nil))
    try self.init(width: width, height: height, resolution: resolution, layers: layers)
  }
}
