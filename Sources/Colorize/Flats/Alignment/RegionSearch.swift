// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Finds how single regions of a drawing lie in a reference, near where the parts that they lie in do: a hand, an iris, a
/// button are smaller than the smallest part, and move on their own.
///
/// A region's own bounds and what lines run beside them are looked for; inside, a region has no lines, so that places where
/// the reference has edges agree less.
struct RegionSearch {
  private let reference: ColorPyramid
  private let drawing: EdgePlanes
  private let parts: AlignedParts
  private let map: RegionMap
  /// The side of what both pictures show.
  private let size: Double

  /// A region's own place in the reference.
  struct Place: Sendable {
    /// From places in the drawing to places in the reference.
    let map: AffineMap
    /// How well the edges agree, at most 1.
    let score: Float
  }

  /// Pixels of the longer side of what both pictures show, and the blur of the edges in them.
  private static let side = 128.0
  private static let blur: Float = 1.2
  /// How far a region may move from its part's place, in units of what both show.
  private static let reach = 0.1
  private static let turns = [0, -20.0, 20].map { $0 * .pi / 180 }
  /// What moving that far costs, and turning.
  private static let stiffness: (move: Float, turn: Float) = (0.2, 0.03)
  /// How far beside a region its window reaches, in pixels: what lies there moves along, and tells one disc from another.
  private static let margin = 4
  /// The square of the distance at which what lies beside counts `1 / e` as much.
  private static let fading: Float = 9
  /// Shares of the drawing: larger regions are parts themselves, of smaller ones too little is left.
  private static let areas = 0.00015...0.12
  /// Where less of a region's edges than this is in the reference, it is not compared.
  private static let leastShown: Float = 0.7

  /// nil where the reference shows nothing of the drawing.
  init?(_ lines: LineDensity, _ reference: ColorPyramid, whole: AffineMap, parts: AlignedParts, map: RegionMap) {
    guard let area = reference.area(through: whole, of: lines.extent) else { return nil }
    self.reference = reference
    self.parts = parts
    self.map = map
    size = area.size
    drawing = lines.edges(side: Int((Self.side / area.size).rounded()), blur: Self.blur)
  }

  /// The place of each region that `isWanted`; nil for those that have none of their own.
  ///
  /// - Throws: `CancellationError`.
  func places(_ isWanted: [Bool]) throws -> [Place?] {
    try Task.checkCancellation()
    let whole = Double(map.width * map.height)
    return ParallelRows.all(map.regions.count) { id in
      let region = map.regions[id]
      guard isWanted[id], !region.isInk, Self.areas.contains(Double(region.area) / whole) else { return nil }
      return window(around: region).flatMap(place)
    }
  }

  private func place(of window: EdgeWindow) -> Place? {
    guard window.isDrawn, let part = parts.index(at: window.middle) else { return nil }
    let reach = Int((Self.reach * size * window.unit).rounded())
    var best: (place: Place, free: Float)?
    for turn in Self.turns {
      let start = parts.parts[part].map.turned(by: turn, about: window.middle)
      let view = reference.edges(seenBy: window, through: start, reach: reach, blur: Self.blur)
      for y in -reach...reach {
        for x in -reach...reach {
          let step = Float(x * x + y * y) / Float(max(reach * reach, 1))
          guard step <= 1, let found = window.agreement(view, x: x + reach, y: y + reach, least: Self.leastShown)
          else { continue }
          let free = found.score - Self.stiffness.move * step - (turn == 0 ? 0 : Self.stiffness.turn)
          guard free > best?.free ?? -.infinity else { continue }
          let map = start.shifted(by: SIMD2(Double(x), Double(y)) / window.unit)
          best = (Place(map: map, score: found.score), free)
        }
      }
    }
    return best?.place
  }

  /// The region and what is near, which counts the less the further it is.
  private func window(around region: Region) -> EdgeWindow? {
    let scale = SIMD2(
      Double(drawing.width) / Double(map.width), Double(drawing.height) / Double(map.height))
    let box = region.box
    let reach = Self.margin + 1
    func range(_ start: Int, _ count: Int, _ scale: Double, _ limit: Int) -> Range<Int>? {
      let low = max(0, Int(Double(start) * scale) - reach)
      let high = min(limit, Int((Double(start + count) * scale).rounded(.up)) + reach)
      return low < high ? low..<high : nil
    }
    guard let x = range(box.x, box.width, scale.x, drawing.width),
      let y = range(box.y, box.height, scale.y, drawing.height)
    else { return nil }
    var cover = [Double](repeating: 0, count: x.count * y.count)
    for row in box.y..<box.y + box.height {
      let line = min(max(Int((Double(row) + 0.5) * scale.y), y.lowerBound), y.upperBound - 1) - y.lowerBound
      for column in box.x..<box.x + box.width where map.labels[row * map.width + column] == UInt32(region.id) {
        let place = min(max(Int((Double(column) + 0.5) * scale.x), x.lowerBound), x.upperBound - 1) - x.lowerBound
        cover[line * x.count + place] += scale.x * scale.y
      }
    }
    return EdgeWindow(x: x, y: y, weights: Self.widened(cover, width: x.count, height: y.count), of: drawing)
  }

  /// 1 where a region covers a fifth of a pixel, less up to ``margin`` pixels beside that.
  private static func widened(_ cover: [Double], width: Int, height: Int) -> [Float] {
    var weights = [Float](repeating: 0, count: cover.count)
    for y in 0..<height {
      for x in 0..<width where cover[y * width + x] > 0.2 {
        for v in max(0, y - margin)...min(height - 1, y + margin) {
          for u in max(0, x - margin)...min(width - 1, x + margin) {
            let distance = (u - x) * (u - x) + (v - y) * (v - y)
            guard distance <= margin * margin + 1 else { continue }
            weights[v * width + u] = max(weights[v * width + u], expf(-Float(distance) / fading))
          }
        }
      }
    }
    return weights
  }
}
