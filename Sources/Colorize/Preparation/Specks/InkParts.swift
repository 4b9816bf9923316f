// SPDX-License-Identifier: Apache-2.0

/// The connected parts of what is dark in a drawing's own pixels, corners included.
///
/// Runs along rows that touch are joined (a forest of runs, each of which points to an earlier one of its part), so that it
/// takes one pass over the pixels.
struct InkParts {
  struct Part {
    var area: Int32
    var left: Int32
    var right: Int32
    var top: Int32
    var bottom: Int32

    var width: Int { Int(right - left) + 1 }
    var height: Int { Int(bottom - top) + 1 }
    var size: Int { max(width, height) }
    var x: Float { Float(left + right) / 2 }
    var y: Float { Float(top + bottom) / 2 }
  }

  let parts: [Part]
  /// How long runs of ink are in parts that are wider than specks: about the width of the lines.
  let lineWidth: Int
  /// The same of runs that count by their length. Ragged edges and pinholes make many short runs of little ink, which leave it
  /// as it is; what runs from left to right makes it larger.
  let strokeWidth: Int

  /// - Parameters:
  ///   - isDark: `[height, width]`.
  ///   - most: No more runs than this are looked at; a picture of noise has as many as pixels.
  init?(_ isDark: [Bool], width: Int, height: Int, most: Int) {
    struct Run { var start: Int32, end: Int32, row: Int32, parent: Int32 }
    var runs: [Run] = []
    var isFull = false
    func root(_ index: Int32) -> Int32 {
      var index = index
      while runs[Int(index)].parent != index {
        runs[Int(index)].parent = runs[Int(runs[Int(index)].parent)].parent
        index = runs[Int(index)].parent
      }
      return index
    }
    isDark.withUnsafeBufferPointer { isDark in
      var above = 0..<0
      for y in 0..<height where !isFull {
        let first = runs.count
        var candidate = above.lowerBound
        var x = 0
        while x < width {
          guard isDark[y * width + x] else {
            x += 1
            continue
          }
          let start = x
          while x < width, isDark[y * width + x] { x += 1 }
          let index = Int32(runs.count)
          runs.append(Run(start: Int32(start), end: Int32(x), row: Int32(y), parent: index))
          while candidate < above.upperBound, runs[candidate].end < start { candidate += 1 }
          var other = candidate
          while other < above.upperBound, runs[other].start <= x {
            let (a, b) = (root(Int32(other)), root(index))
            if a < b { runs[Int(b)].parent = a } else if b < a { runs[Int(a)].parent = b }
            other += 1
          }
        }
        above = first..<runs.count
        isFull = runs.count > most
      }
    }
    guard !isFull else { return nil }
    var places = [Int32](repeating: -1, count: runs.count)
    var parts: [Part] = []
    for index in runs.indices {
      let run = runs[index]
      let top = Int(root(Int32(index)))
      let new = Part(
        area: run.end - run.start, left: run.start, right: run.end - 1, top: run.row, bottom: run.row)
      if places[top] < 0 {
        places[top] = Int32(parts.count)
        parts.append(new)
      } else {
        let place = Int(places[top])
        parts[place].area += new.area
        parts[place].left = min(parts[place].left, new.left)
        parts[place].right = max(parts[place].right, new.right)
        parts[place].bottom = max(parts[place].bottom, new.bottom)
      }
    }
    // Lines are long; the shorter runs of a line are across it.
    var lengths: [Int32] = []
    let long = max(width, height) / 40
    for index in runs.indices where parts[Int(places[Int(root(Int32(index)))])].size > long {
      lengths.append(runs[index].end - runs[index].start)
    }
    lengths.sort()
    lineWidth = lengths.isEmpty ? 1 : Int(lengths[lengths.count / 3])
    var rest = lengths.reduce(0) { $0 + Int($1) } / 3
    strokeWidth = Int(
      lengths.first {
        rest -= Int($0)
        return rest < 0
      } ?? 1)
    self.parts = parts
  }

  /// Ink but for what is in the boxes of some parts.
  static func ink(_ isDark: [Bool], without parts: [Part], width: Int) -> [Bool] {
    var rest = isDark
    for part in parts {
      for y in Int(part.top)...Int(part.bottom) {
        for x in Int(part.left)...Int(part.right) { rest[y * width + x] = false }
      }
    }
    return rest
  }
}
