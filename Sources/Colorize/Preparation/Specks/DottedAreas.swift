// SPDX-License-Identifier: Apache-2.0

/// Where the dots of a raster have grown together, so that those that stand alone are but some of them.
///
/// Short runs of ink close to each other make a dotted cell, and cells beside each other that are about as dark an area. Where
/// many runs are left in a good part of its cells when the dots are gone, all of the area's are taken to be together.
struct DottedAreas {
  private let side: Int
  private let columns: Int
  private let areTogether: [Bool]

  /// Of the share of ink, between neighbouring cells of one tone.
  private static let sameTone: Float = 0.1
  /// Fewer cells are no area, but where two meet.
  private static let leastArea = 8
  /// One in so many cells with dots together is by lines that cut dots; more are the tone's.
  private static let mostTogether = 4

  private struct Cell {
    /// Short runs of ink that follow one another, and those of them that are no dot's.
    var (pairs, others) = (0, 0)
    var ink = 0
  }

  /// - Parameters:
  ///   - dots: Those of a raster.
  ///   - isDark: `[height, width]`.
  ///   - reach: The size of the largest dots.
  init(_ dots: [InkParts.Part], in isDark: [Bool], width: Int, reach: Int) {
    let height = isDark.count / width
    side = 6 * reach
    columns = (width + side - 1) / side
    let rows = (height + side - 1) / side
    var cells = [Cell](repeating: Cell(), count: columns * rows)
    let others = InkParts.ink(isDark, without: dots, width: width)
    let (side, columns) = (side, columns)
    for y in 0..<height {
      let row = y / side * columns
      Self.runs(of: isDark, row: y, width: width) { run, last in
        cells[row + run.lowerBound / side].ink += run.count
        if Self.arePair(last, run, reach) { cells[row + run.lowerBound / side].pairs += 1 }
      }
      Self.runs(of: others, row: y, width: width) { run, last in
        if Self.arePair(last, run, reach) { cells[row + run.lowerBound / side].others += 1 }
      }
    }
    let isDotted = cells.map { $0.pairs > side / 2 }
    func neighbors(_ cell: Int) -> [Int] {
      let (x, y) = (cell % columns, cell / columns)
      return (max(y - 1, 0)...min(y + 1, rows - 1)).flatMap { v in
        (max(x - 1, 0)...min(x + 1, columns - 1)).map { v * columns + $0 }
      }
    }
    let tone = cells.map { Float($0.ink) / Float(side * side) }
    // Areas of one tone.
    var areas: [[Int]] = []
    var isTaken = isDotted.map { !$0 }
    for seed in cells.indices where !isTaken[seed] {
      var area = [seed]
      isTaken[seed] = true
      var place = 0
      while place < area.count {
        for next in neighbors(area[place])
        where !isTaken[next] && abs(tone[next] - tone[area[place]]) < Self.sameTone {
          isTaken[next] = true
          area.append(next)
        }
        place += 1
      }
      areas.append(area)
    }
    var areTogether = [Bool](repeating: false, count: cells.count)
    for area in areas where area.count >= Self.leastArea {
      let left = area.count { cells[$0].others * 3 > cells[$0].pairs }
      if left * Self.mostTogether > area.count { for cell in area { areTogether[cell] = true } }
    }
    // Where areas and lines meet, cells are darker or lighter than either side, and belong to the one with dots together.
    let inner = areTogether
    for area in areas where area.count < Self.leastArea {
      for cell in area where neighbors(cell).contains(where: { inner[$0] }) { areTogether[cell] = true }
    }
    self.areTogether = areTogether
  }

  /// Whether the dots where a part is have grown together.
  func areTogether(at part: InkParts.Part) -> Bool {
    areTogether[Int(part.y) / side * columns + Int(part.x) / side]
  }

  private static func arePair(_ last: Range<Int>?, _ run: Range<Int>, _ reach: Int) -> Bool {
    guard let last else { return false }
    return run.lowerBound - last.upperBound <= 2 * reach
  }

  /// Calls `body` for each run of a row, and the one before it.
  private static func runs(
    of isDark: [Bool], row: Int, width: Int, _ body: (_ run: Range<Int>, _ last: Range<Int>?) -> Void
  ) {
    isDark.withUnsafeBufferPointer { isDark in
      let pixels = isDark[row * width..<(row + 1) * width]
      var last: Range<Int>?
      var x = pixels.startIndex
      while x < pixels.endIndex {
        guard pixels[x] else {
          x += 1
          continue
        }
        let start = x
        while x < pixels.endIndex, pixels[x] { x += 1 }
        let run = start - pixels.startIndex..<x - pixels.startIndex
        body(run, last)
        last = run
      }
    }
  }
}
