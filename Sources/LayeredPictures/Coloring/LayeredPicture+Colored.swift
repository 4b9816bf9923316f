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
}
