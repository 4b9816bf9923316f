// SPDX-License-Identifier: Apache-2.0

/// How the parts of a drawing lie in a reference, each on its own: an arm that is raised, a head that is turned.
struct AlignedParts: Sendable {
  /// A part of the drawing: what is near a place.
  struct Part: Sendable {
    /// The place, in the units of ``AffineMap``.
    let center: SIMD2<Double>
    /// From places in the drawing to places in the reference.
    let map: AffineMap
    /// How well the edges near the place agree, at most 1; nil where there is too little to compare.
    let score: Float?
  }

  let parts: [Part]
  /// How far what is found from these on is to be trusted, 0...1: whether both pictures show one thing at all.
  let gate: Double
  /// How far each is to be trusted, 0...1.
  private let confidences: [Double]
  /// The nearest part of each cell of a square of one unit, row-major.
  private let nearest: [Int]

  private static let cells = 64
  /// Below the first score parts agree by chance, from the second on they are the same. Of regions whose parts score 0.5 and
  /// more, 98 of 100 (by area) find their own colour, of those below 0.4 few do.
  private static let unsure = (least: 0.40, most: 0.54)
  /// The same for the score of the whole drawing, once parts are looked at one by one.
  private static let wholeUnsure = (least: 0.35, most: 0.46)

  /// - Parameter whole: the alignment that the parts' search started from.
  init(_ parts: [Part], whole: Alignment) {
    self.parts = parts
    let gate = Alignment.rise(whole.score, Self.wholeUnsure)
    self.gate = gate
    confidences = parts.map { part in
      part.score.map { gate * Alignment.rise(Double($0), Self.unsure) } ?? whole.confidence
    }
    guard !parts.isEmpty else {
      nearest = []
      return
    }
    let cells = Self.cells
    nearest = (0..<cells * cells).map { cell in
      let place = (SIMD2(Double(cell % cells), Double(cell / cells)) + 0.5) / Double(cells) - 0.5
      var best = (index: 0, distance: Double.infinity)
      for (index, part) in parts.enumerated() {
        let step = part.center - place
        let distance = (step * step).sum()
        if distance < best.distance { best = (index, distance) }
      }
      return best.index
    }
  }

  /// The part that a place of the drawing belongs to, by its index; nil where there are none.
  @inline(__always)
  func index(at place: SIMD2<Double>) -> Int? {
    guard !nearest.isEmpty else { return nil }
    let cells = Self.cells
    let x = min(max(Int((place.x + 0.5) * Double(cells)), 0), cells - 1)
    let y = min(max(Int((place.y + 0.5) * Double(cells)), 0), cells - 1)
    return nearest[y * cells + x]
  }

  /// How far a part is to be trusted, 0...1.
  func confidence(of part: Int) -> Double { confidences[part] }
}
