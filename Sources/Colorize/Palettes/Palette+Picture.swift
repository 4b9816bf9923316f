// SPDX-License-Identifier: Apache-2.0

extension Palette {
  /// A picture's own flat colours: those that a colourist filled areas with.
  ///
  /// Colours are weighed by the pixels that lie in flat areas, so that antialiased edges and gradients count little, and
  /// chosen by area and by their CIEDE2000 difference from those that are chosen already, so that small distinct ones
  /// (eyes, a ribbon) are found and shades of noise are not. Dark colours that are nowhere thicker than lines are left
  /// out. Each entry is a colour that occurs in the picture: of its area the most frequent. Entries have no names and
  /// are sorted by area, the largest first. The same picture gives the same palette.
  ///
  /// - Parameters:
  ///   - image: Transparent pixels (alpha below one half) do not count.
  ///   - maximumColors: The most entries, 1 ... ``maximumEntryCount``; a lower or higher number is cut to that.
  ///   - mask: The figure (from 0.5 on), of the picture's shape; shares are then those of the figure or of the
  ///     background, so that a small figure counts as much. Without one, a background of one colour is left out of the
  ///     whole that shares are of.
  ///   - minimumShare: The least share of an area that differs by 20 from all other entries. One that differs by 40
  ///     needs a quarter of it, one that differs by 10 four times as much.
  /// - Throws: ``PaletteError/noColors(file:format:)`` for a picture that is transparent everywhere.
  public init(
    of image: Image, maximumColors: Int = 32, mask: Mask? = nil, minimumShare: Double = 0.0005
  ) throws(PaletteError) {
    let count = min(max(maximumColors, 1), Self.maximumEntryCount)
    let share = minimumShare.isFinite ? max(minimumShare, 0) : 0.0005
    let pixels = FlatPixels(image, mask: mask)
    guard !pixels.bins.isEmpty else {
      self = try Self.ofRoughPicture(image)
      return
    }
    var colors = FlatColors(pixels)
    let lines = LineThickness(image)
    colors.choose(count: count, minimumShare: share) { lines.isLine($0) }
    let modes = FlatModes(image, pixels, colors.labels, count: colors.chosen.count)
    self.init(modes.colors.map { Entry($0) })
  }

  /// The most frequent colour of a picture without any flat pixel.
  private static func ofRoughPicture(_ image: Image) throws(PaletteError) -> Palette {
    var counts: [UInt32: Int] = [:]
    for color in PackedPlane(image).colors where color != PackedPlane.nothing { counts[color, default: 0] += 1 }
    guard let (color, _) = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else {
      throw .noColors(file: nil, format: .picture)
    }
    return Palette([Entry(RGB(packed: color))])
  }
}
