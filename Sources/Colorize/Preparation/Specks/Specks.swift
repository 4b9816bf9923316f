// SPDX-License-Identifier: Apache-2.0

/// Dots that are no part of what is drawn: the grain of a fax or a copy, and the dots of a screentone.
///
/// - Grain: black specks, smaller than lines are wide, all over the sheet. What is dotted by hand is in some places only:
///   freckles, stippled shadows, stars about a figure.
/// - Screentone: hundreds of dots of one size on a square or hexagonal grid, close to each other and about as small as lines
///   are wide. The dots of a dress are larger and further apart. Where dots have grown together all of an area stays: a part
///   of its raster would be worse than all of it.
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
    // On large scans specks are as large as those of a copier's grain, a tenth of a millimetre or two. A fax with specks has
    // ragged lines as well.
    let most = min(max(2, ink.strokeWidth * 3 / 5), max(2, max(width, height) / 320))
    let small = ink.parts.indices.filter { ink.parts[$0].size <= most }
    if ink.strokeWidth >= 2,
      Self.isGrain(small.map { ink.parts[$0] }, of: ink.parts, width: width, height: height)
    {
      hasGrain = true
      for index in small { isTaken[index] = true }
    }
    let reach = min(max(3, ink.lineWidth * 3 / 2), max(4, max(width, height) / 150))
    let dots = ink.parts.indices.filter { ink.parts[$0].size <= reach && !isTaken[$0] }
    let raster = DotRaster(dots.map { ink.parts[$0] }, longest: Float(max(width, height)) / 60)
    if raster.count >= Self.leastDots {
      let found = zip(dots, raster.isDot).filter(\.1).map(\.0)
      let areas = DottedAreas(found.map { ink.parts[$0] }, in: isDark, width: width, reach: reach)
      let separate = found.filter { !areas.areTogether(at: ink.parts[$0]) }
      // What is dotted by hand looks like a raster in places.
      let others =
        ink.parts.indices.count {
          !isTaken[$0] && ink.parts[$0].size <= 3 * reach && !areas.areTogether(at: ink.parts[$0])
        } - separate.count
      if separate.count >= Self.leastDots, others * 8 <= separate.count {
        hasScreentone = true
        for index in separate { isTaken[index] = true }
      }
    }
    guard hasGrain || hasScreentone else { return nil }
    let rest = InkParts.ink(isDark, without: zip(ink.parts, isTaken).filter(\.1).map(\.0), width: width)
    func isNearOther(_ x: Int, _ y: Int) -> Bool {
      (max(0, y - 1)...min(height - 1, y + 1)).contains { v in
        (max(0, x - 1)...min(width - 1, x + 1)).contains { rest[v * width + $0] }
      }
    }
    for (part, isTaken) in zip(ink.parts, isTaken) where isTaken {
      whiten(part, in: drawing, reach: reach, isOther: isNearOther)
    }
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
          let middle = (start + x - 1) / 2
          if x - start <= reach, (1...reach).contains(where: { !isDark(middle, y - $0) }),
            (1...reach).contains(where: { !isDark(middle, y + $0) })
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

  /// A part and the blur around it become as light as the lightest of what is near, but for the blur of other ink.
  private mutating func whiten(
    _ part: InkParts.Part, in drawing: Image, reach: Int, isOther: (_ x: Int, _ y: Int) -> Bool
  ) {
    let (width, height, channels) = (drawing.width, drawing.height, drawing.channels)
    func around(_ low: Int32, _ high: Int32, _ margin: Int, _ count: Int) -> ClosedRange<Int> {
      max(0, Int(low) - margin)...min(count - 1, Int(high) + margin)
    }
    func light(_ start: Int) -> Int {
      (0..<channels).reduce(0) { $0 + Int(drawing.pixels[start + $1]) }
    }
    // Between the dots of a dense tone no pixel next to one may be paper.
    var best = (Int(part.top) * width + Int(part.left)) * channels
    let step = max(1, reach / 4)
    let columns = around(part.left, part.right, 2 * reach, width)
    for y in stride(from: Int(part.top) - 2 * reach, through: Int(part.bottom) + 2 * reach, by: step)
    where y >= 0 && y < height {
      for x in stride(from: columns.lowerBound, through: columns.upperBound, by: step) {
        let start = (y * width + x) * channels
        if light(start) > light(best) { best = start }
      }
    }
    let color = (0..<3).map { drawing.pixels[best + min($0, channels - 1)] }
    for y in around(part.top, part.bottom, 2, height) {
      var first: Int?
      let columns = around(part.left, part.right, 2, width)
      for x in columns.lowerBound...columns.upperBound + 1 {
        if x <= columns.upperBound, !isOther(x, y) {
          first = first ?? x
        } else if let start = first {
          runs.append(row: y, from: start, to: x, (color[0], color[1], color[2]))
          first = nil
        }
      }
    }
  }
}

extension Image {
  /// The tone that most light pixels have.
  fileprivate var commonTone: UInt8 {
    let counts = sampledTones
    return UInt8((128..<256).max { counts[$0] < counts[$1] } ?? 255)
  }
}
