// SPDX-License-Identifier: Apache-2.0

/// What of a picture can be reached from its border.
struct FigurePlane {
  let width: Int
  let height: Int
  /// What the background cannot pass.
  private let isWall: [Bool]
  /// How wide a passage must be for it to pass, in pixels to each side.
  private let radius: Int
  /// Whether the background comes in at the corners only: a figure is cut off by the border between them.
  private let startsAtCorners: Bool

  /// - Parameter lines: dark lines on white.
  init(lines: Image) {
    (width, height) = (lines.width, lines.height)
    isWall = lines.pixels.map { $0 < 150 }
    radius = max(1, max(width, height) / 100)
    startsAtCorners = true
  }

  /// - Parameter colors: RGB.
  init(colors: Image) {
    (width, height) = (colors.width, colors.height)
    radius = 0
    startsAtCorners = false
    let background = BorderColors(colors)
    isWall = (0..<width * height).map { !background.contains(colors.pixels, at: $0 * 3) }
  }

  /// Whether each pixel is figure.
  func figure() -> [Bool] {
    let wallDistance = distances(to: isWall)
    let isOpen = wallDistance.map { $0 > radius }
    var reached = [Bool](repeating: false, count: isOpen.count)
    var stack = starts.filter { isOpen[$0] }
    for index in stack { reached[index] = true }
    while let index = stack.popLast() {
      for next in neighbours(of: index) where isOpen[next] && !reached[next] {
        reached[next] = true
        stack.append(next)
      }
    }
    // Up to the lines again, from which the ball kept away.
    let reach = distances(to: reached)
    let isFigure = reach.indices.map { isWall[$0] || reach[$0] > radius + 1 }
    return withoutThinParts(isFigure)
  }

  /// Lines of the background, and what is smaller than a hundredth of the picture, are not the figure.
  private func withoutThinParts(_ isFigure: [Bool]) -> [Bool] {
    let thickness = max(2, max(width, height) / 128)
    let inside = distances(to: isFigure.map { !$0 })
    let core = distances(to: inside.map { $0 > thickness })
    let thick = isFigure.indices.map { isFigure[$0] && core[$0] <= thickness + 1 }
    var result = [Bool](repeating: false, count: thick.count)
    var seen = result
    for start in thick.indices where thick[start] && !seen[start] {
      var part = [start]
      seen[start] = true
      var position = 0
      while position < part.count {
        for next in neighbours(of: part[position]) where thick[next] && !seen[next] {
          seen[next] = true
          part.append(next)
        }
        position += 1
      }
      if part.count * 100 >= thick.count { for index in part { result[index] = true } }
    }
    return result
  }

  private func neighbours(of index: Int) -> [Int] {
    let x = index % width
    var found: [Int] = []
    if x > 0 { found.append(index - 1) }
    if x + 1 < width { found.append(index + 1) }
    if index >= width { found.append(index - width) }
    if index + width < width * height { found.append(index + width) }
    return found
  }

  /// Pixels of the border from which the background comes in: all, or the stretches between walls that have a corner.
  private var starts: [Int] {
    var border = (0..<width).map { $0 }
    border += (1..<max(height, 1)).map { $0 * width + width - 1 }
    if height > 1 { border += (0..<max(width - 1, 0)).reversed().map { (height - 1) * width + $0 } }
    if width > 1 { border += (1..<max(height - 1, 1)).reversed().map { $0 * width } }
    guard startsAtCorners else { return border }
    let corners: Set<Int> = [0, width - 1, (height - 1) * width, height * width - 1]
    // Around from a wall, so that no stretch is cut in two.
    guard let first = border.firstIndex(where: { isWall[$0] }) else { return border }
    var found: [Int] = []
    var stretch: [Int] = []
    for index in border[first...] + border[..<first] + [border[first]] {
      if isWall[index] {
        if stretch.contains(where: corners.contains) { found += stretch }
        stretch = []
      } else {
        stretch.append(index)
      }
    }
    return found
  }

  /// The distance of each pixel to the nearest one that is set, in pixels, as a diamond and a square make it together; the
  /// longest possible where there is none.
  private func distances(to isSet: [Bool]) -> [Int] {
    // In thirds: 3 along an axis, 4 across (Borgefors 1986).
    let far = 3 * (width + height)
    var distance = isSet.map { $0 ? 0 : far }
    func relax(_ index: Int, _ x: Int, _ y: Int, _ cost: Int) {
      guard x >= 0, x < width, y >= 0, y < height else { return }
      distance[index] = min(distance[index], distance[y * width + x] + cost)
    }
    for y in 0..<height {
      for x in 0..<width {
        let index = y * width + x
        relax(index, x - 1, y, 3)
        relax(index, x, y - 1, 3)
        relax(index, x - 1, y - 1, 4)
        relax(index, x + 1, y - 1, 4)
      }
    }
    for y in (0..<height).reversed() {
      for x in (0..<width).reversed() {
        let index = y * width + x
        relax(index, x + 1, y, 3)
        relax(index, x, y + 1, 3)
        relax(index, x + 1, y + 1, 4)
        relax(index, x - 1, y + 1, 4)
      }
    }
    return distance.map { ($0 + 1) / 3 }
  }
}

/// The colours that are common along the border of a picture.
private struct BorderColors {
  private let isCommon: [Bool]

  /// Bits of a channel that tell colours apart.
  private static let bits = 4

  /// - Parameter image: RGB.
  init(_ image: Image) {
    let side = 1 << Self.bits
    var counts = [Int](repeating: 0, count: side * side * side)
    var total = 0
    let margin = max(1, min(image.width, image.height) / 40)
    for y in 0..<image.height {
      for x in 0..<image.width
      where x < margin || y < margin || x >= image.width - margin {
        // The lower border is left out: a figure stands on it.
        counts[Self.cell(image.pixels, at: (y * image.width + x) * 3)] += 1
        total += 1
      }
    }
    let common = counts.map { $0 * 50 >= total }
    // Neighbouring cells too, as gradients run through them.
    var widened = common
    for r in 0..<side {
      for g in 0..<side {
        for b in 0..<side where common[(r * side + g) * side + b] {
          for (dr, dg, db) in [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)] {
            let (nr, ng, nb) = (r + dr, g + dg, b + db)
            guard (0..<side).contains(nr), (0..<side).contains(ng), (0..<side).contains(nb) else { continue }
            widened[(nr * side + ng) * side + nb] = true
          }
        }
      }
    }
    isCommon = widened
  }

  func contains(_ pixels: [UInt8], at pixel: Int) -> Bool { isCommon[Self.cell(pixels, at: pixel)] }

  private static func cell(_ pixels: [UInt8], at pixel: Int) -> Int {
    let shift = 8 - bits
    let side = 1 << bits
    return (Int(pixels[pixel] >> shift) * side + Int(pixels[pixel + 1] >> shift)) * side
      + Int(pixels[pixel + 2] >> shift)
  }
}
