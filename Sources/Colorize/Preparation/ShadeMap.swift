// SPDX-License-Identifier: Apache-2.0

/// The light on a sheet, and the sheet's outline: what of a picture is paper, however dark shadows make it.
///
/// Paper is what can be reached from the paper's own tone without a hard step, in the picture without its lines (see
/// `LocalPaper`). Shadows, a vignette, and the fold of a book come on gradually; areas that are drawn, a scanner's lid and
/// the desk beneath the sheet begin at an edge. What lies outside of the sheet is told from a drawn area by the sheet's
/// outline: a sheet of paper is convex.
struct ShadeMap {
  /// The size of the planes; the longer side at most `ShadeMap.side`.
  let width: Int
  let height: Int
  /// `[height, width, channels]`: the paper's colour, also beneath what is drawn.
  let levels: [Float]
  /// `[height, width]`: whether a pixel belongs to the sheet.
  let isSheet: [Bool]
  /// The share of the sheet that is paper.
  let paperShare: Float
  /// The share of the picture that is outside of the sheet.
  let outsideShare: Float
  /// The share of the picture that is paper in shadow.
  let shadowShare: Float
  /// The same of its border.
  let borderShadowShare: Float

  private static let side = 384
  /// Light changes by no more than this from one pixel to the next.
  private static let step: Float = 0.12
  /// What is darker than this share of the paper is no paper.
  private static let darkest: Float = 0.15
  /// A sheet fills its convex hull but for the roughness of its border.
  private static let convexity: Float = 0.97

  /// - Parameters:
  ///   - image: grey or RGB, lines dark.
  ///   - tone: the luma of the paper where it is lit.
  init?(of image: Image, tone: Float) {
    let longer = max(image.width, image.height)
    let factor = min(1, Double(Self.side) / Double(longer))
    func scaled(_ extent: Int) -> Int { max(1, Int((Double(extent) * factor).rounded())) }
    let (width, height, channels) = (scaled(image.width), scaled(image.height), image.channels)
    guard min(width, height) >= 16, let small = try? image.resized(width: width, height: height) else { return nil }
    // With darkness around it, so that a narrow strip along the border is not taken for a line.
    let radius = max(2, max(width, height) / 48)
    let closed = LocalPaper(of: small.padded(by: radius), radius: radius)
    var colors = [Float](repeating: 0, count: width * height * channels)
    var row = [Float](repeating: 0, count: (width + 2 * radius) * channels)
    for y in 0..<height {
      closed.fill(row: y + radius, into: &row)
      colors.replaceSubrange(
        y * width * channels..<(y + 1) * width * channels,
        with: row[radius * channels..<(radius + width) * channels])
    }
    let plane = MaskPlane(width: width, height: height)
    let luma = Self.luma(of: colors, channels: channels)
    let paper = plane.flooded(from: luma.map { abs($0 - tone) <= 0.06 * tone }) { here, next in
      let (a, b) = (luma[here], luma[next])
      return b >= Self.darkest * tone && abs(a - b) <= Self.step * max(a, b)
    }
    // What can be reached from the border around the paper, with room for what is drawn at the border.
    let others = plane.components(of: paper.map { !$0 })
    var isSheet = [Bool](repeating: true, count: width * height)
    for part in others where part.contains(where: plane.isBorder) { for index in part { isSheet[index] = false } }
    let outside = isSheet.count { !$0 }
    let inside = isSheet.count - outside
    let isOnSheet =
      outside * 200 >= isSheet.count && inside * 3 >= isSheet.count
      && Float(inside) >= Self.convexity * plane.hullArea(of: isSheet)
    if isOnSheet {
      // The edge itself, its shadow and its blur.
      isSheet = plane.grown(isSheet.map { !$0 }, by: 3).map { !$0 }
    } else {
      isSheet = [Bool](repeating: true, count: isSheet.count)
    }
    (self.width, self.height, self.isSheet) = (width, height, isSheet)
    let sheet = max(isSheet.count { $0 }, 1)
    paperShare = Float(zip(paper, isSheet).count { $0 && $1 }) / Float(sheet)
    outsideShare = 1 - Float(sheet) / Float(isSheet.count)
    let shadow = paper.indices.map { paper[$0] && luma[$0] < 0.92 * tone }
    shadowShare = Float(shadow.count { $0 }) / Float(shadow.count)
    let border = shadow.indices.filter(plane.isBorder)
    borderShadowShare = Float(border.count { shadow[$0] }) / Float(max(border.count, 1))
    levels = plane.filled(colors, channels: channels, where: zip(paper, isSheet).map { $0 && $1 })
  }
}

extension ShadeMap {
  /// The luma of colours, row by row.
  static func luma(of colors: [Float], channels: Int) -> [Float] {
    guard channels == 3 else { return colors }
    return stride(from: 0, to: colors.count, by: 3).map { index -> Float in
      let red: Float = 0.299 * colors[index]
      let green: Float = 0.587 * colors[index + 1]
      let blue: Float = 0.114 * colors[index + 2]
      return red + green + blue
    }
  }
}

extension Image {
  /// With black around it.
  fileprivate func padded(by margin: Int) -> Image {
    let (wide, high) = (width + 2 * margin, height + 2 * margin)
    var padded = [UInt8](repeating: 0, count: wide * high * channels)
    for y in 0..<height {
      let start = ((y + margin) * wide + margin) * channels
      padded.replaceSubrange(
        start..<start + width * channels, with: pixels[y * width * channels..<(y + 1) * width * channels])
    }
    return Image(checkedWidth: wide, height: high, channels: channels, pixels: padded)
  }
}

/// What is done to masks of a small picture.
struct MaskPlane {
  let width: Int
  let height: Int

  func isBorder(_ index: Int) -> Bool {
    let (x, y) = (index % width, index / width)
    return x == 0 || y == 0 || x == width - 1 || y == height - 1
  }

  private func forEachNeighbour(of index: Int, _ body: (Int) -> Void) {
    let x = index % width
    if x > 0 { body(index - 1) }
    if x + 1 < width { body(index + 1) }
    if index >= width { body(index - width) }
    if index + width < width * height { body(index + width) }
  }

  /// What can be reached from a set of pixels.
  func flooded(from seeds: [Bool], _ passes: (_ here: Int, _ next: Int) -> Bool) -> [Bool] {
    var reached = seeds
    var stack = seeds.indices.filter { seeds[$0] }
    while let here = stack.popLast() {
      forEachNeighbour(of: here) { next in
        guard !reached[next], passes(here, next) else { return }
        reached[next] = true
        stack.append(next)
      }
    }
    return reached
  }

  /// The connected parts of a mask.
  func components(of mask: [Bool]) -> [[Int]] {
    var seen = mask.map { !$0 }
    var parts: [[Int]] = []
    for start in mask.indices where !seen[start] {
      var part = [start]
      seen[start] = true
      var position = 0
      while position < part.count {
        forEachNeighbour(of: part[position]) { next in
          guard !seen[next] else { return }
          seen[next] = true
          part.append(next)
        }
        position += 1
      }
      parts.append(part)
    }
    return parts
  }

  /// A mask with all pixels that are so near to it along both axes.
  func grown(_ mask: [Bool], by radius: Int) -> [Bool] {
    var result = mask
    for index in mask.indices where mask[index] {
      let (x, y) = (index % width, index / width)
      for row in max(0, y - radius)...min(height - 1, y + radius) {
        for column in max(0, x - radius)...min(width - 1, x + radius) { result[row * width + column] = true }
      }
    }
    return result
  }

  /// The area of the convex hull of a mask, in pixels (Andrew's monotone chain over the ends of its rows).
  func hullArea(of mask: [Bool]) -> Float {
    var points: [(x: Int, y: Int)] = []
    for y in 0..<height {
      let row = mask[y * width..<(y + 1) * width]
      guard let first = row.firstIndex(of: true), let last = row.lastIndex(of: true) else { continue }
      // The corners of the pixels.
      for corner in [y, y + 1] {
        points.append((first - y * width, corner))
        points.append((last - y * width + 1, corner))
      }
    }
    points.sort { ($0.x, $0.y) < ($1.x, $1.y) }
    func chain(_ points: [(x: Int, y: Int)]) -> [(x: Int, y: Int)] {
      var chain: [(x: Int, y: Int)] = []
      for point in points {
        while chain.count >= 2 {
          let (a, b) = (chain[chain.count - 2], chain[chain.count - 1])
          guard (b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x) <= 0 else { break }
          chain.removeLast()
        }
        chain.append(point)
      }
      return chain
    }
    let hull = chain(points).dropLast() + chain(points.reversed()).dropLast()
    let corners = Array(hull)
    var twice = 0
    for (index, a) in corners.enumerated() {
      let b = corners[(index + 1) % corners.count]
      twice += a.x * b.y - a.y * b.x
    }
    return Float(abs(twice)) / 2
  }

  /// Colours where a mask is set, smoothed, and their means over ever wider squares elsewhere.
  func filled(_ colors: [Float], channels: Int, where mask: [Bool]) -> [Float] {
    var result = colors
    var isKnown = mask
    for channel in 0..<channels {
      isKnown = mask
      var radius = 2
      // The first turn smooths what is known; the others fill.
      var isFirst = true
      while isFirst || (isKnown.contains(false) && radius < 4 * max(width, height)) {
        let sums = SummedArea(width: width, height: height) { mask[$0] ? colors[$0 * channels + channel] : 0 }
        let counts = SummedArea(width: width, height: height) { mask[$0] ? 1 : 0 }
        for index in mask.indices where isFirst ? mask[index] : !isKnown[index] {
          let count = counts.sum(around: index, radius: radius)
          guard count > 0.5 else { continue }
          result[index * channels + channel] = sums.sum(around: index, radius: radius) / count
          isKnown[index] = true
        }
        isFirst = false
        radius *= 2
      }
    }
    return result
  }
}

/// Sums over rectangles of a plane.
private struct SummedArea {
  private let width: Int
  private let height: Int
  private let sums: [Double]

  init(width: Int, height: Int, _ value: (Int) -> Float) {
    (self.width, self.height) = (width, height)
    var sums = [Double](repeating: 0, count: (width + 1) * (height + 1))
    for y in 0..<height {
      var row = 0.0
      for x in 0..<width {
        row += Double(value(y * width + x))
        sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row
      }
    }
    self.sums = sums
  }

  func sum(around index: Int, radius: Int) -> Float {
    let (x, y) = (index % width, index / width)
    let (left, right) = (max(0, x - radius), min(width, x + radius + 1))
    let (top, bottom) = (max(0, y - radius), min(height, y + radius + 1))
    func at(_ column: Int, _ row: Int) -> Double { sums[row * (width + 1) + column] }
    return Float(at(right, bottom) - at(left, bottom) - at(right, top) + at(left, top))
  }
}
