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
  /// The least that a part's pixels have of edges, on average: a line that crosses the window has more.
  private static let leastDrawn: Float = 0.01
  /// What moving costs at most.
  private static let stiffness: Float = 0.15
  /// Where less of a part's edges than this is in the reference, it is not compared; each halving costs something.
  private static let leastShown: Float = 0.3
  private static let hidden: Float = 0.25
  private static let leastSeen: Float = 0.02

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
        guard let window = Window(center, level.deviation * area.size, drawing), window.isDrawn else { return unknown }
        var best: (part: AlignedParts.Part, score: Float)?
        for start in near.prefix(Self.starts) {
          for turn in Self.turns {
            let next = moved(window, coarser[start].map, center, turn, level.reach * area.size, level.blur)
            if let next, next.score > best?.score ?? -.infinity { best = next }
          }
        }
        return best?.part ?? unknown
      }
    }
    return found
  }

  /// A part of the drawing's edges.
  private struct Window {
    let x: Range<Int>
    let y: Range<Int>
    /// The window's values, row-major, and what it leaves of the edges and of their squares.
    let weights: [Float]
    let values: [SIMD8<Float>]
    let squares: [Float]
    let energy: Float
    let deviation: Double
    /// Pixels that are the unit of places.
    let unit: Double
    /// Its middle.
    let middle: SIMD2<Double>

    /// Whether there is enough to compare.
    var isDrawn: Bool { energy > PartSearch.leastDrawn * weights.reduce(0, +) }

    /// nil where it lies beyond the drawing.
    init?(_ center: SIMD2<Double>, _ deviation: Double, _ drawing: EdgePlanes) {
      let unit = Double(max(drawing.width, drawing.height))
      let frame = SIMD2(Double(drawing.width), Double(drawing.height))
      let pixel = center * unit + frame / 2
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
      weights = rows.flatMap { row in columns.map { row * $0 } }
      let pixels = y.flatMap { row in x.map { row * drawing.width + $0 } }
      values = zip(pixels, weights).map { drawing.values[$0] * $1 }
      squares = zip(pixels, weights).map { drawing.squares[$0] * $1 }
      energy = squares.reduce(0, +)
      (self.x, self.y, self.unit, self.deviation) = (x, y, unit, deviation)
      middle = (SIMD2(Double(x.lowerBound + x.upperBound), Double(y.lowerBound + y.upperBound)) - frame) / 2 / unit
    }
  }

  /// The best place of a part near where a map leads it, after a turn about its center; nil where the reference does not
  /// show it.
  private func moved(
    _ window: Window, _ map: AffineMap, _ center: SIMD2<Double>, _ turn: Double, _ reach: Double,
    _ blur: Float
  ) -> (part: AlignedParts.Part, score: Float)? {
    let turned = map.after(
      AffineMap(right: SIMD2(cos(turn), sin(turn)), down: SIMD2(-sin(turn), cos(turn))))
    let start = AffineMap(right: turned.right, down: turned.down, offset: turned.offset + map(center) - turned(center))
    let reach = Int((reach * window.unit).rounded())
    let frame = (width: window.x.count + 2 * reach, height: window.y.count + 2 * reach)
    let view = reference.edges(
      through: AffineMap(right: start.right, down: start.down, offset: start(window.middle)), frame: frame,
      unit: window.unit, blur: blur)
    var best: (x: Int, y: Int, score: Float, free: Float)?
    for y in -reach...reach {
      for x in -reach...reach {
        let agreement = agreement(window, view, x + reach, y + reach)
        let shown = min(agreement.drawn / window.energy, 1)
        guard shown > Self.leastShown, agreement.seen > Self.leastSeen * window.energy else { continue }
        let score = agreement.product / (agreement.drawn * agreement.seen).squareRoot() + Self.hidden * log2f(shown)
        let step = Double(x * x + y * y) / (window.unit * window.unit * window.deviation * window.deviation)
        let strain = Float(step + 4 * turn * turn)
        let free = score - Self.stiffness * strain / (1 + strain)
        if free > best?.free ?? -.infinity { best = (x, y, score, free) }
      }
    }
    guard let best else { return nil }
    let shift = SIMD2(Double(best.x), Double(best.y)) / window.unit
    let end = AffineMap(right: start.right, down: start.down, offset: start(shift))
    return (AlignedParts.Part(center: center, map: end, score: best.score), best.free)
  }

  /// What a part and a place of a view have in common.
  private func agreement(_ window: Window, _ view: EdgePlanes, _ x: Int, _ y: Int) -> EdgeAgreement {
    let width = window.x.count
    var products = SIMD8<Float>.zero
    var (drawn, seen) = (EdgeAgreement.Sum(), EdgeAgreement.Sum())
    window.values.withUnsafeBufferPointer { own in
      view.values.withUnsafeBufferPointer { other in
        for row in 0..<window.y.count {
          products += EdgeAgreement.products(
            own, row * width, other, (row + y) * view.width + x, count: width)
        }
      }
    }
    window.squares.withUnsafeBytes { squares in
      window.weights.withUnsafeBytes { weights in
        view.shown.withUnsafeBytes { shown in
          view.squares.withUnsafeBytes { others in
            for row in 0..<window.y.count {
              let (from, to) = (row * width, (row + y) * view.width + x)
              drawn.add(squares, from, shown, to, count: width)
              seen.add(weights, from, others, to, count: width)
            }
          }
        }
      }
    }
    return EdgeAgreement(product: products.sum(), drawn: drawn.value, seen: seen.value)
  }
}
