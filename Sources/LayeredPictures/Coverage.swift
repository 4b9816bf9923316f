// SPDX-License-Identifier: Apache-2.0

import Colorize

/// A set of pixels, kept as runs in rows: where a layer of one colour is.
///
/// Sixty regions of a drawing take a few megabytes so, where sixty canvases would take gigabytes.
public struct Coverage: Sendable, Hashable {
  /// Neighbours in one row, from `start` to before `end`.
  struct Run: Sendable, Hashable {
    var y: Int32
    var start: Int32
    var end: Int32

    /// The columns of the canvas.
    var columns: Range<Int> { Int(start)..<Int(end) }
  }

  /// The smallest box around the pixels; an empty one where there are none.
  public let box: LayerBox
  /// By row, then by column; no two of them touch.
  private let runs: [Run]
  /// Where the runs of each row of ``box`` begin in ``runs``, and their number.
  private let rowStarts: [Int32]

  /// A whole rectangle.
  ///
  /// - Throws: ``LayeredPictureError/invalid(reason:)`` for one larger than an `Image` may be, or too far away.
  public init(_ box: LayerBox) throws(LayeredPictureError) {
    guard box.isNear, box.width <= Image.maximumSide, box.height <= Image.maximumSide,
      box.width * box.height <= Image.maximumPixelCount
    else {
      throw .invalid(reason: "A filled rectangle of \(box.width) x \(box.height) pixels at \(box.x), \(box.y)")
    }
    guard !box.isEmpty else {
      self.init(runs: [])
      return
    }
    self.init(runs: (box.y..<box.bottom).map { Run(y: Int32($0), start: Int32(box.x), end: Int32(box.right)) })
  }

  /// The pixels of a mask that are at least half covered: 128...255 in its one channel.
  ///
  /// - Throws: ``LayeredPictureError/invalid(reason:)`` for a mask of colours.
  public init(mask: Image) throws(LayeredPictureError) {
    guard mask.channels == 1 else {
      throw .invalid(reason: "A mask has one channel, not \(mask.channels)")
    }
    let found = Self.runs(width: mask.width, height: mask.height, count: 1) { mask.pixels[$0] >= 128 ? 0 : nil }
    self.init(runs: found[0])
  }

  /// A number of disjoint sets, found in one pass over the pixels.
  ///
  /// - Parameters:
  ///   - width: Columns of the canvas.
  ///   - height: Rows.
  ///   - count: The number of sets.
  ///   - setOf: The set of the pixel at `y * width + x`, 0 ..< `count`; nil, or any other number, for none of them.
  /// - Returns: `count` sets; those without a pixel are empty.
  static func sets(width: Int, height: Int, count: Int, setOf: (_ pixel: Int) -> Int?) -> [Coverage] {
    runs(width: width, height: height, count: count, setOf: setOf).map { Coverage(runs: $0) }
  }

  private static func runs(width: Int, height: Int, count: Int, setOf: (_ pixel: Int) -> Int?) -> [[Run]] {
    var runs = [[Run]](repeating: [], count: count)
    for y in 0..<height {
      var (start, current) = (0, -1)
      func close(at x: Int) {
        guard runs.indices.contains(current), x > start else { return }
        runs[current].append(Run(y: Int32(y), start: Int32(start), end: Int32(x)))
      }
      for x in 0..<width {
        let found = setOf(y * width + x) ?? -1
        guard found != current else { continue }
        close(at: x)
        (start, current) = (x, found)
      }
      close(at: width)
    }
    return runs
  }

  /// - Parameter runs: by row, then by column.
  private init(runs: [Run]) {
    self.runs = runs
    guard let first = runs.first, let last = runs.last else {
      box = .empty
      rowStarts = [0]
      return
    }
    var (left, right) = (first.start, first.end)
    var starts: [Int32] = []
    for (index, run) in runs.enumerated() {
      (left, right) = (min(left, run.start), max(right, run.end))
      // A row without runs begins, and ends, where the next one begins.
      while starts.count <= Int(run.y - first.y) { starts.append(Int32(index)) }
    }
    starts.append(Int32(runs.count))
    box = LayerBox(
      x: Int(left), y: Int(first.y), width: Int(right - left), height: Int(last.y - first.y) + 1)
    rowStarts = starts
  }

  /// The runs of a row of the canvas.
  func runs(inRow y: Int) -> ArraySlice<Run> {
    guard y >= box.y, y < box.bottom else { return [] }
    return runs[Int(rowStarts[y - box.y])..<Int(rowStarts[y - box.y + 1])]
  }

  /// The number of pixels.
  public var pixelCount: Int { runs.reduce(0) { $0 + $1.columns.count } }
}
