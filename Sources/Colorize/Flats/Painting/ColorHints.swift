// SPDX-License-Identifier: Apache-2.0

/// Strokes of colour over a drawing, each of which says what the areas under it are to be.
///
/// A stroke is what hangs together and has about one colour. It speaks for the regions that hold at least a fifth of it, so
/// that what slips over a line does no harm; where several speak for a region, the one with the most pixels there counts.
///
/// What is opaque by half and more is a stroke, and what is less so beside it is its soft edge. Fainter strokes, of an
/// airbrush or a layer of little opacity, count as well where they stand alone: as far as they are half as opaque as where
/// they are most.
struct ColorHints {
  /// The colours, by the regions that get one.
  let colors: [Int: RGB]

  /// What is as opaque is a stroke, or a part of one.
  private static let strongAlpha: UInt8 = 128
  /// What is less opaque is no stroke.
  private static let leastAlpha: UInt8 = 24
  /// How far neighbouring pixels of a stroke may differ, in each channel.
  private static let tolerance = 32
  /// The share of a stroke that a region must hold, and the least number of pixels.
  private static let leastShare = 0.2
  private static let leastCount = 4

  /// - Parameter hints: four channels, of the map's aspect, at any scale.
  init(_ hints: Image, map: RegionMap) {
    var votes: [Int: (color: RGB, count: Int)] = [:]
    Self.forEachStroke(in: hints, width: map.width, height: map.height) { stroke in
      // The colour that most of it has: its edges may be mixed with nothing.
      var colors: [RGB: Int] = [:]
      var counts: [Int: Int] = [:]
      for (pixel, color) in stroke {
        colors[color, default: 0] += 1
        counts[Int(map.labels[pixel]), default: 0] += 1
      }
      guard let color = colors.max(by: { ($0.value, $1.key.packed) < ($1.value, $0.key.packed) })?.key else { return }
      for (region, count) in counts
      where count >= Self.leastCount && Double(count) >= Self.leastShare * Double(stroke.count)
        && count > votes[region]?.count ?? 0
      {
        votes[region] = (color, count)
      }
    }
    colors = votes.mapValues(\.color)
  }

  /// Calls for each stroke with its pixels at a size, and their colours.
  private static func forEachStroke(
    in hints: Image, width: Int, height: Int, _ body: ([(pixel: Int, color: RGB)]) -> Void
  ) {
    func source(_ place: Int, _ count: Int, _ extent: Int) -> Int {
      min((2 * place + 1) * extent / (2 * count), extent - 1)
    }
    let columns = (0..<width).map { source($0, width, hints.width) * 4 }
    let rows = (0..<height).map { source($0, height, hints.height) * hints.width * 4 }
    func start(_ pixel: Int) -> Int { rows[pixel / width] + columns[pixel % width] }
    var visited = [Bool](repeating: false, count: width * height)
    hints.pixels.withUnsafeBufferPointer { pixels in
      func alpha(_ pixel: Int) -> UInt8 { pixels[start(pixel) + 3] }
      func areAlike(_ one: Int, _ other: Int) -> Bool {
        let (a, b) = (start(one), start(other))
        return (0..<3).allSatisfy { abs(Int(pixels[a + $0]) - Int(pixels[b + $0])) <= Self.tolerance }
      }
      for alphas in [strongAlpha...255, leastAlpha...strongAlpha - 1] {
        for seed in 0..<width * height where !visited[seed] && alphas.contains(alpha(seed)) {
          visited[seed] = true
          var stroke = [seed]
          var (next, most, isEdge) = (0, UInt8(0), false)
          while next < stroke.count {
            let pixel = stroke[next]
            next += 1
            most = max(most, alpha(pixel))
            let x = pixel % width
            for (neighbour, isInside) in [
              (pixel - 1, x > 0), (pixel + 1, x < width - 1), (pixel - width, pixel >= width),
              (pixel + width, pixel < width * (height - 1)),
            ] where isInside {
              if alpha(neighbour) > alphas.upperBound { isEdge = true }
              guard !visited[neighbour], alphas.contains(alpha(neighbour)), areAlike(pixel, neighbour) else { continue }
              visited[neighbour] = true
              stroke.append(neighbour)
            }
          }
          guard !isEdge else { continue }
          // All of a strong one.
          let core = min(most / 2, strongAlpha)
          body(
            stroke.filter { alpha($0) >= core }.map { pixel in
              let place = start(pixel)
              return (pixel, RGB(pixels[place], pixels[place + 1], pixels[place + 2]))
            })
        }
      }
    }
  }

  /// Whether a picture has anything that can be a stroke.
  static func hasStrokes(_ hints: Image) -> Bool {
    stride(from: 3, to: hints.pixels.count, by: 4).contains { hints.pixels[$0] >= leastAlpha }
  }
}

extension Flats {
  /// Gives regions the colours that strokes over the drawing say.
  ///
  /// - Parameters:
  ///   - hints: Colour where it is not transparent; of the drawing's aspect, at any scale.
  ///   - palette: The only colours that there may be: the entry nearest to a hint is taken. Nil takes hints as they are.
  /// - Returns: The regions that have got a colour.
  /// - Throws: ``FlatsError/mismatch(reason:)`` for a picture of another aspect, or without transparency.
  @discardableResult
  public mutating func take(hints: Image, palette: Palette? = nil) throws(FlatsError) -> [Int] {
    try hints.checkHints(for: ImageSize(width: map.width, height: map.height))
    let found = ColorHints(hints, map: map).colors
    let matcher = palette.map { PaletteMatcher($0) }
    for (region, color) in found {
      if let palette, let (index, difference) = matcher?.nearest(to: color) {
        let entry = palette.entries[index]
        paints[region] = Paint(entry.color, name: entry.name, entry: index, distance: difference)
      } else {
        paints[region] = Paint(color)
      }
    }
    return found.keys.sorted()
  }
}

extension Image {
  /// Makes sure that the picture can be hints for a drawing of that size.
  package func checkHints(for drawing: ImageSize) throws(FlatsError) {
    guard hasTransparency else {
      throw .mismatch(
        reason: "The hints have no transparency: they are to be strokes of colour on a transparent ground")
    }
    guard size.hasAspect(of: drawing) else {
      throw .mismatch(
        reason: "The hints are \(size) pixels and the drawing \(drawing): they are to lie on it, at any scale")
    }
  }
}
