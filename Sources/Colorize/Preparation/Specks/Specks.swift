// SPDX-License-Identifier: Apache-2.0

/// Dots that are no part of what is drawn: the grain of a fax or a copy, and the dots of a screentone.
///
/// - Grain: black specks, smaller than lines are wide, all over the sheet. What is dotted by hand is in some places only:
///   freckles, stippled shadows, stars about a figure.
/// - Screentone: hundreds of dots of one size on a square or hexagonal grid, close to each other and about as small as lines
///   are wide. The dots of a dress are larger and further apart.
struct Specks {
  /// What becomes paper.
  private(set) var runs = PaperRuns()
  private(set) var hasGrain = false
  private(set) var hasScreentone = false

  /// Ink is darker than this share of the paper.
  private static let dark: Float = 0.65
  private static let leastSpecks = 120
  private static let leastDots = 150

  /// - Parameter drawing: grey or RGB, lines dark.
  init?(of drawing: Image) {
    let (width, height) = (drawing.width, drawing.height)
    guard min(width, height) >= 200, Self.hasShortRuns(drawing) else { return nil }
    let isDark = Self.darkness(of: drawing)
    guard
      let ink = InkParts(
        isDark, width: width, height: height, most: min(max(1 << 16, width * height / 6), 3 << 20))
    else {
      return nil
    }
    var isTaken = [Bool](repeating: false, count: ink.parts.count)
    // On large scans specks are as large as those of a copier's grain, a tenth of a millimetre or two.
    let most = min(max(2, ink.lineWidth * 3 / 5), max(2, max(width, height) / 320))
    let small = ink.parts.indices.filter { ink.parts[$0].size <= most }
    if ink.lineWidth >= 2,
      Self.isGrain(small.map { ink.parts[$0] }, of: ink.parts, width: width, height: height)
    {
      hasGrain = true
      for index in small { isTaken[index] = true }
    }
    let reach = min(max(3, ink.lineWidth * 3 / 2), max(4, max(width, height) / 150))
    let dots = ink.parts.indices.filter { ink.parts[$0].size <= reach && !isTaken[$0] }
    let raster = DotRaster(dots.map { ink.parts[$0] }, longest: Float(max(width, height)) / 60)
    // Where dots have grown together, or are cut, a part of a raster would be left, which is worse than all of it.
    let rest =
      ink.parts.indices.count { !isTaken[$0] && ink.parts[$0].size <= 3 * reach } - raster.count
    if raster.count >= Self.leastDots, rest * 8 <= raster.count,
      Self.isWhole(
        zip(dots, raster.isDot).filter(\.1).map { ink.parts[$0.0] }, in: isDark, width: width,
        reach: reach)
    {
      hasScreentone = true
      for (index, isDot) in zip(dots, raster.isDot) where isDot { isTaken[index] = true }
    }
    guard hasGrain || hasScreentone else { return nil }
    for (index, part) in ink.parts.enumerated() where isTaken[index] { whiten(part, in: drawing) }
  }

  /// Whether a good many rows have runs of a pixel or two with paper around: one look at one row in many.
  private static func hasShortRuns(_ drawing: Image) -> Bool {
    let (width, height) = (drawing.width, drawing.height)
    let channel = drawing.channels / 2
    let paper = Int(drawing.commonTone)
    let limit = UInt8(Float(paper) * dark)
    let reach = max(4, max(width, height) / 150)
    var (found, rows) = (0, 0)
    drawing.pixels.withUnsafeBufferPointer { pixels in
      func isDark(_ x: Int, _ y: Int) -> Bool {
        pixels[(y * width + x) * drawing.channels + channel] < limit
      }
      for y in stride(from: reach, to: height - reach, by: max(1, height / 200)) {
        rows += 1
        var x = 0
        while x < width {
          guard isDark(x, y) else {
            x += 1
            continue
          }
          let start = x
          while x < width, isDark(x, y) { x += 1 }
          let middle = (start + x) / 2
          if x - start <= reach, !isDark(min(middle, width - 1), y - reach),
            !isDark(min(middle, width - 1), y + reach)
          {
            found += 1
          }
        }
      }
    }
    return found >= rows / 2
  }

  private static func darkness(of drawing: Image) -> [Bool] {
    let channel = drawing.channels / 2
    let limit = UInt8(Float(drawing.commonTone) * dark)
    return [Bool](unsafeUninitializedCapacity: drawing.width * drawing.height) { target, count in
      drawing.pixels.withUnsafeBufferPointer { pixels in
        for index in 0..<drawing.width * drawing.height {
          target[index] = pixels[index * drawing.channels + channel] < limit
        }
      }
      count = drawing.width * drawing.height
    }
  }

  /// Whether specks are about everywhere.
  private static func isGrain(
    _ specks: [InkParts.Part], of parts: [InkParts.Part], width: Int, height: Int
  ) -> Bool {
    guard specks.count >= leastSpecks, specks.count * 10 >= parts.count * 7 else { return false }
    let cells = 8
    var counts = [Int](repeating: 0, count: cells * cells)
    for speck in specks {
      counts[
        min(Int(speck.y) * cells / height, cells - 1) * cells
          + min(Int(speck.x) * cells / width, cells - 1)] += 1
    }
    let sorted = counts.sorted()
    // Five in six parts of the sheet have specks, and none much more than its share.
    return counts.count { $0 > 0 } * 6 >= counts.count * 5
      && sorted[sorted.count * 9 / 10] <= 4 * max(sorted[sorted.count / 2], 2)
  }

  /// Whether short runs of ink close to each other, as a dotted area has, are gone with the dots, about everywhere: where dots
  /// touch, those that were found are but some of them.
  private static func isWhole(_ dots: [InkParts.Part], in isDark: [Bool], width: Int, reach: Int) -> Bool {
    let side = 6 * reach
    let columns = width / side + 1
    let cells = columns * (isDark.count / width / side + 1)
    func pairs(_ isDark: [Bool]) -> [Int] {
      var counts = [Int](repeating: 0, count: cells)
      for row in 0..<isDark.count / width {
        var last: (start: Int, end: Int)?
        let end = (row + 1) * width
        var x = row * width
        while x < end {
          guard isDark[x] else {
            x += 1
            continue
          }
          let start = x
          while x < end, isDark[x] { x += 1 }
          if let last, x - start <= 2 * reach, last.end - last.start <= 2 * reach, start - last.end <= 2 * reach {
            counts[row / side * columns + (start - row * width) / side] += 1
          }
          last = (start, x)
        }
      }
      return counts
    }
    var others = isDark
    for dot in dots {
      for y in Int(dot.top)...Int(dot.bottom) {
        for x in Int(dot.left)...Int(dot.right) { others[y * width + x] = false }
      }
    }
    let (before, after) = (pairs(isDark), pairs(others))
    let dotted = before.indices.filter { before[$0] > side / 2 }
    let left = dotted.count { after[$0] * 3 > before[$0] }
    return left * 20 <= dotted.count
  }

  /// A part and the blur around it become as light as what is beside them.
  private mutating func whiten(_ part: InkParts.Part, in drawing: Image) {
    let (width, height, channels) = (drawing.width, drawing.height, drawing.channels)
    let (left, right) = (max(0, Int(part.left) - 1), min(width - 1, Int(part.right) + 1))
    let (top, bottom) = (max(0, Int(part.top) - 1), min(height - 1, Int(part.bottom) + 1))
    var best = (top * width + left) * channels
    func light(_ start: Int) -> Int {
      (0..<channels).reduce(0) { $0 + Int(drawing.pixels[start + $1]) }
    }
    for (x, y) in [(left, top), (right, top), (left, bottom), (right, bottom)] {
      let start = (y * width + x) * channels
      if light(start) > light(best) { best = start }
    }
    let color = (0..<3).map { drawing.pixels[best + min($0, channels - 1)] }
    for row in top...bottom {
      runs.append(row: row, from: left, to: right + 1, (color[0], color[1], color[2]))
    }
  }
}

extension Image {
  /// The tone that most light pixels have.
  fileprivate var commonTone: UInt8 {
    var counts = [Int](repeating: 0, count: 256)
    for y in stride(from: 0, to: height, by: max(1, height / 256)) {
      for x in stride(from: 0, to: width, by: max(1, width / 256)) {
        counts[Int(pixels[(y * width + x) * channels + channels / 2])] += 1
      }
    }
    return UInt8((128..<256).max { counts[$0] < counts[$1] } ?? 255)
  }
}
