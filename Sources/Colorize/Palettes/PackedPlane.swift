// SPDX-License-Identifier: Apache-2.0

/// A picture as one number a pixel, of which areas of one colour can be told.
struct PackedPlane {
  /// Stands for pixels that are more transparent than not.
  static let nothing: UInt32 = 0xFFFF_FFFF

  /// An area of pixels of one colour that touch each other by their sides.
  struct Area {
    let color: UInt32
    /// The first pixel from the top left; no other area has it.
    let first: Int
    var count = 0
    var left: Int
    var right: Int
    let top: Int
    var bottom: Int

    /// Pixels of the bounding box.
    var boxCount: Int { (right - left + 1) * (bottom - top + 1) }

    func reachesAllSides(of image: Image) -> Bool {
      left == 0 && top == 0 && right == image.width - 1 && bottom == image.height - 1 && count < boxCount
    }
  }

  let width: Int
  let colors: [UInt32]

  init(_ image: Image) {
    width = image.width
    let channels = image.channels
    let pixels = image.pixels
    let total = image.width * image.height
    colors = [UInt32](unsafeUninitializedCapacity: total) { target, count in
      pixels.withUnsafeBufferPointer { source in
        for index in 0..<total {
          let pixel = index * channels
          let color =
            switch channels {
            case 1: UInt32(source[pixel]) * 0x01_01_01
            case 4 where source[pixel + 3] < 128: Self.nothing
            default: UInt32(source[pixel]) << 16 | UInt32(source[pixel + 1]) << 8 | UInt32(source[pixel + 2])
            }
          target.initializeElement(at: index, to: color)
        }
      }
      count = total
    }
  }

  /// All areas but the transparent ones, in the order of their first pixels.
  ///
  /// - Parameter limit: nil is returned for a picture of more runs of pixels than that.
  func areas(limit: Int) -> [Area]? {
    // Runs of equal pixels, joined to those of the row above by union-find.
    struct Run {
      let start: Int
      let end: Int
      var parent: Int
    }
    var runs: [Run] = []
    func root(_ run: Int) -> Int {
      var run = run
      while runs[run].parent != run {
        runs[run].parent = runs[runs[run].parent].parent
        run = runs[run].parent
      }
      return run
    }
    var above = 0..<0
    for rowStart in stride(from: 0, to: colors.count, by: width) {
      let firstRun = runs.count
      var candidate = above.lowerBound
      var start = rowStart
      let rowEnd = rowStart + width
      while start < rowEnd {
        var end = start + 1
        while end < rowEnd, colors[end] == colors[start] { end += 1 }
        guard runs.count < limit else { return nil }
        let number = runs.count
        runs.append(Run(start: start, end: end, parent: number))
        while candidate < above.upperBound, runs[candidate].end + width <= start { candidate += 1 }
        var touching = candidate
        while touching < above.upperBound, runs[touching].start + width < end {
          if colors[runs[touching].start] == colors[start] {
            let (one, other) = (root(touching), root(number))
            // The earlier run is the root, so that it is the area's first.
            runs[max(one, other)].parent = min(one, other)
          }
          touching += 1
        }
        start = end
      }
      above = firstRun..<runs.count
    }

    var areas: [Area] = []
    var numbers: [Int: Int] = [:]
    for run in runs.indices where colors[runs[run].start] != Self.nothing {
      let root = root(run)
      let (start, end) = (runs[run].start, runs[run].end)
      let (row, left) = (start / width, start % width)
      let right = left + end - start - 1
      if let number = numbers[root] {
        areas[number].count += end - start
        areas[number].left = min(areas[number].left, left)
        areas[number].right = max(areas[number].right, right)
        areas[number].bottom = row
      } else {
        numbers[root] = areas.count
        areas.append(
          Area(
            color: colors[start], first: start, count: end - start, left: left, right: right, top: row, bottom: row))
      }
    }
    return areas
  }
}
