// SPDX-License-Identifier: Apache-2.0

/// Pictures of swatches: plain fields of one colour each, beside each other or on paper.
enum SwatchPicture {
  /// Pictures up to this size are read pixel by pixel: palettes of one pixel a colour are common.
  private static let pixelwiseCount = 1024
  private static let maximumSwatchCount = 4096
  /// The least pixels of a swatch.
  private static let leastCount = 16
  /// Colours of a picture that is no picture of swatches.
  private static let foundColorCount = 64

  static func read(_ source: PaletteSource) throws(PaletteError) -> Palette {
    let image: Image
    do {
      image = try Image(data: source.bytes, file: source.file)
    } catch {
      throw .picture(error)
    }
    if let colors = colors(of: image) { return Palette(colors.map { Palette.Entry($0) }) }
    do {
      return try Palette(of: image, maximumColors: foundColorCount)
    } catch {
      guard case .noColors = error else { throw error }
      throw .noColors(file: source.file, format: source.format)
    }
  }

  /// The colours of the swatches from the top left, each once; nil if the picture does not consist of swatches.
  ///
  /// A swatch is an area of exactly one colour that fills 0.725 of its bounding box at least: a disc fills 0.785, and
  /// less where resampling has carried its colour a pixel beyond its edge.
  /// Paper is the area around them that reaches all four sides. Of what is neither transparent nor paper, swatches must
  /// make up one half, and four fifths of the areas that are large enough to be swatches. So text and antialiased
  /// borders do not count.
  static func colors(of image: Image) -> [RGB]? {
    let plane = PackedPlane(image)
    guard image.width * image.height > pixelwiseCount else {
      var seen: Set<UInt32> = []
      let colors = plane.colors.filter { $0 != PackedPlane.nothing && seen.insert($0).inserted }
      return colors.isEmpty ? nil : colors.map(RGB.init(packed:))
    }
    guard let areas = plane.areas(limit: max(65_536, plane.colors.count / 16)) else { return nil }
    let whole = areas.reduce(0) { $0 + $1.count }
    let paper = areas.count > 1 ? areas.filter { $0.reachesAllSides(of: image) }.max { $0.count < $1.count } : nil
    let swatches = areas.filter { area in
      area.count >= leastCount && area.count * 40 >= area.boxCount * 29 && area.first != paper?.first
    }
    let covered = swatches.reduce(0) { $0 + $1.count }
    let large = areas.reduce(0) { $1.count >= leastCount ? $0 + $1.count : $0 }
    let paperCount = paper?.count ?? 0
    guard !swatches.isEmpty, covered * 2 >= whole - paperCount, covered * 5 >= (large - paperCount) * 4 else {
      return nil
    }
    var seen: Set<UInt32> = []
    let colors = inReadingOrder(swatches).map(\.color).filter { seen.insert($0).inserted }
    return colors.count <= maximumSwatchCount ? colors.map(RGB.init(packed:)) : nil
  }

  /// Rows from the top, each from the left. An area belongs to the row whose first area reaches down to its middle.
  private static func inReadingOrder(_ areas: [PackedPlane.Area]) -> [PackedPlane.Area] {
    var ordered: [PackedPlane.Area] = []
    var row: [PackedPlane.Area] = []
    func place(_ row: [PackedPlane.Area]) -> [PackedPlane.Area] {
      row.sorted { ($0.left, $0.first) < ($1.left, $1.first) }
    }
    for area in areas.sorted(by: { ($0.top, $0.left) < ($1.top, $1.left) }) {
      if let first = row.first, area.top + area.bottom > 2 * first.bottom {
        ordered += place(row)
        row = []
      }
      row.append(area)
    }
    return ordered + place(row)
  }

  /// Squares in rows, without gaps; what is left of the last row is transparent.
  static func data(_ palette: Palette) throws(PaletteError) -> [UInt8] {
    let count = palette.entries.count
    let (columns, side) = count <= 1024 ? (min(count, 16), 32) : (64, 8)
    let rows = (count + columns - 1) / columns
    let width = columns * side
    var pixels = [UInt8](repeating: 0, count: width * rows * side * 4)
    for (index, entry) in palette.entries.enumerated() {
      let (row, column) = (index / columns, index % columns)
      for y in 0..<side {
        let start = ((row * side + y) * width + column * side) * 4
        for pixel in stride(from: start, to: start + side * 4, by: 4) {
          pixels[pixel] = entry.color.red
          pixels[pixel + 1] = entry.color.green
          pixels[pixel + 2] = entry.color.blue
          pixels[pixel + 3] = 255
        }
      }
    }
    do {
      return try Image(width: width, height: rows * side, channels: 4, pixels: pixels).pngData()
    } catch {
      throw .picture(error)
    }
  }
}
