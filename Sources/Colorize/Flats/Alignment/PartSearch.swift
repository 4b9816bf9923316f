// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Finds how the parts of a drawing lie in a reference, from how the whole lies in it: larger parts first, smaller ones from
/// where those lie.
///
/// Each part is a Gaussian window over the drawing's edges. It may move and turn; how far it moves takes something from its
/// score, so that it stays where nothing else is better.
struct PartSearch {
  private let lines: LineDensity
  private let reference: ColorPyramid
  private let whole: AffineMap

  /// A grid of parts.
  private struct Level {
    /// The window's deviation, in units of the longer side of what both pictures show.
    let deviation: Double
    /// Parts along each side.
    let count: Int
    /// How far one may move.
    let reach: Double
    /// Pixels of the longer side, and the blur of the edges in pixels.
    let side: Int
    let blur: Float
  }

  private static let levels = [
    Level(deviation: 0.22, count: 3, reach: 0.14, side: 48, blur: 1),
    Level(deviation: 0.13, count: 5, reach: 0.09, side: 48, blur: 1),
    Level(deviation: 0.085, count: 8, reach: 0.05, side: 96, blur: 1.2),
  ]
  private static let turns = [0, -16.0, 16].map { $0 * .pi / 180 }
  /// From how many parts of the level before a part starts.
  private static let starts = 2
  /// What moving costs at most.
  private static let stiffness: Float = 0.15
  /// Where less of a part's edges than this is in the reference, it is not compared; each halving costs something.
  private static let leastShown: Float = 0.3
  private static let hidden: Float = 0.25

  init(_ lines: LineDensity, _ reference: ColorPyramid, whole: AffineMap) {
    self.lines = lines
    self.reference = reference
    self.whole = whole
  }

  /// The parts, in rows; none where the reference shows nothing of the drawing.
  ///
  /// - Throws: `CancellationError`.
  func parts() throws -> [AlignedParts.Part] {
    var found: [AlignedParts.Part] = [.init(center: .zero, map: whole, score: nil)]
    guard let area = reference.area(through: whole, of: lines.extent) else { return [] }
    for level in Self.levels {
      try Task.checkCancellation()
      let drawing = lines.edges(side: Int((Double(level.side) / area.size).rounded()), blur: level.blur)
      let coarser = found
      let count = level.count
      found = ParallelRows.all(count * count) { cell -> AlignedParts.Part in
        let place = (SIMD2(Double(cell % count), Double(cell / count)) + 0.5) / Double(count) - 0.5
        let center = area.middle + place * area.size
        let near = coarser.indices.sorted { first, second in
          let (one, other) = (coarser[first].center - center, coarser[second].center - center)
          return ((one * one).sum(), first) < ((other * other).sum(), second)
        }
        let unknown = AlignedParts.Part(center: center, map: coarser[near[0]].map, score: nil)
        guard let window = Self.window(center, level.deviation * area.size, drawing), window.isDrawn else {
          return unknown
        }
        var best: (part: AlignedParts.Part, score: Float)?
        for start in near.prefix(Self.starts) {
          for turn in Self.turns {
            let next = moved(window, coarser[start].map, center, turn, level: level, size: area.size)
            if let next, next.score > best?.score ?? -.infinity { best = next }
          }
        }
        return best?.part ?? unknown
      }
    }
    return found
  }

  /// A Gaussian window; nil where it lies beyond the drawing.
  private static func window(_ center: SIMD2<Double>, _ deviation: Double, _ drawing: EdgePlanes) -> EdgeWindow? {
    let unit = Double(max(drawing.width, drawing.height))
    let pixel = center * unit + SIMD2(Double(drawing.width), Double(drawing.height)) / 2
    let reach = 2 * deviation * unit
    func range(_ at: Double, _ count: Int) -> Range<Int>? {
      let (low, high) = (max(0, Int((at - reach).rounded(.down))), min(count, Int((at + reach).rounded(.up))))
      return low < high ? low..<high : nil
    }
    guard let x = range(pixel.x, drawing.width), let y = range(pixel.y, drawing.height) else { return nil }
    func taps(_ range: Range<Int>, _ at: Double) -> [Float] {
      range.map { place in
        let step = (Double(place) + 0.5 - at) / (deviation * unit)
        return Float(exp(-step * step / 2))
      }
    }
    let (columns, rows) = (taps(x, pixel.x), taps(y, pixel.y))
    return EdgeWindow(x: x, y: y, weights: rows.flatMap { row in columns.map { row * $0 } }, of: drawing)
  }

  /// The best place of a part near where a map leads it, after a turn about its center; nil where the reference does not
  /// show it.
  private func moved(
    _ window: EdgeWindow, _ map: AffineMap, _ center: SIMD2<Double>, _ turn: Double, level: Level, size: Double
  ) -> (part: AlignedParts.Part, score: Float)? {
    let start = map.turned(by: turn, about: center)
    let reach = Int((level.reach * size * window.unit).rounded())
    let deviation = level.deviation * size
    let view = reference.edges(seenBy: window, through: start, reach: reach, blur: level.blur)
    var best: (x: Int, y: Int, score: Float, free: Float)?
    for y in -reach...reach {
      for x in -reach...reach {
        guard let found = window.agreement(view, x: x + reach, y: y + reach, least: Self.leastShown) else { continue }
        let score = found.score + Self.hidden * log2f(found.shown)
        let step = Double(x * x + y * y) / (window.unit * window.unit * deviation * deviation)
        let strain = Float(step + 4 * turn * turn)
        let free = score - Self.stiffness * strain / (1 + strain)
        if free > best?.free ?? -.infinity { best = (x, y, score, free) }
      }
    }
    guard let best else { return nil }
    let end = start.shifted(by: SIMD2(Double(best.x), Double(best.y)) / window.unit)
    return (AlignedParts.Part(center: center, map: end, score: best.score), best.free)
  }
}
