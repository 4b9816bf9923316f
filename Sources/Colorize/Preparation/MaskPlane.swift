// SPDX-License-Identifier: Apache-2.0

/// What is done to masks of a small picture.
struct MaskPlane {
  let width: Int
  let height: Int

  func isBorder(_ index: Int) -> Bool {
    let (x, y) = (index % width, index / width)
    return x == 0 || y == 0 || x == width - 1 || y == height - 1
  }

  func forEachNeighbour(of index: Int, _ body: (Int) -> Void) {
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

  /// Where a pixel and those around it differ by more than a share of the lightest.
  func edges(of values: [Float], above share: Float) -> [Bool] {
    values.indices.map { index in
      let (x, y) = (index % width, index / width)
      var (least, most) = (values[index], values[index])
      for row in max(0, y - 1)...min(height - 1, y + 1) {
        for column in max(0, x - 1)...min(width - 1, x + 1) {
          least = min(least, values[row * width + column])
          most = max(most, values[row * width + column])
        }
      }
      return most - least > share * most
    }
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
