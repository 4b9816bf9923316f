// SPDX-License-Identifier: Apache-2.0

/// A guess at a drawing's polarity.
struct PolarityEstimate: Sendable, Hashable {
  /// Never automatic.
  var polarity: SketchPolarity
  /// 0 (both fit as well) ... 1 (no doubt).
  var certainty: Float
}

extension Image {
  /// The polarity, and how sure it is; see ``detectedPolarity``.
  var polarityEstimate: PolarityEstimate {
    let tones = polarityByTones
    // On transparent paper there is nothing that lines could be compared with.
    if channels == 4, LumaHistogram(self, border: nil).total < 127.5 * Double(width * height) {
      return PolarityEstimate(polarity: tones, certainty: 0.9)
    }
    let shape = LineShape((channels == 4 ? composited() : self).grey)
    // Strokes of a broad brush are no thin structures, and the gaps between them are; so the tones weigh as well.
    // Paper that most of the sheet and of its border have leaves little to ask if it is light, and grey paper says nothing.
    let weight = tones == .lightOnDark && hasWhiteSheet ? -0.5 : toneCertainty
    let prior = tones == .darkOnLight ? weight : -weight
    let score = shape.balance + prior
    return PolarityEstimate(
      polarity: score >= 0 ? .darkOnLight : .lightOnDark, certainty: Float(min(abs(score) / 1.2, 1)))
  }

  /// Whether there is a white rectangle on what is dark and not black: a drawing in a window of a program.
  private var hasWhiteSheet: Bool {
    let grey = (channels == 4 ? composited() : self).grey
    let step = max(1, max(width, height) / 512)
    let (columns, rows) = ((width + step - 1) / step, (height + step - 1) / step)
    var isWhite = [Bool](repeating: false, count: columns * rows)
    var dark = 0
    for row in 0..<rows {
      for column in 0..<columns {
        let value = grey.pixels[row * step * width + column * step]
        isWhite[row * columns + column] = value >= 250
        if (16..<128).contains(value) { dark += 1 }
      }
    }
    let white = isWhite.indices.filter { isWhite[$0] }
    guard white.count * 5 >= isWhite.count, dark * 5 >= isWhite.count * 2 else { return false }
    // Without what is white elsewhere, as letters are.
    func middle(_ places: [Int]) -> ClosedRange<Int> {
      let sorted = places.sorted()
      return sorted[sorted.count / 50]...sorted[sorted.count - 1 - sorted.count / 50]
    }
    let (xs, ys) = (middle(white.map { $0 % columns }), middle(white.map { $0 / columns }))
    let inside = white.count { xs.contains($0 % columns) && ys.contains($0 / columns) }
    return inside * 5 >= xs.count * ys.count * 4
  }

  /// How much the tones say, beside shapes that say -1...1.
  private var toneCertainty: Double {
    let all = LumaHistogram(self, border: nil)
    let paper = all.median
    // Light lines do not leave a sheet light at its border and over half of it: strokes of a broad brush do.
    let border = LumaHistogram(self, border: max(1, min(width, height) / 50))
    if paper > 232, border.total > 0, border.share(below: Int(paper) - 24) < 0.02 { return 1.5 }
    // Black around a figure is no paper, and most of the sheet as well. Strokes of a brush run out of the picture.
    if paper > 200, 1 - all.share(below: Int(paper) - 24) > 0.65 { return paper > 232 ? 1.5 : 0.8 }
    return 0.2 + 0.15 * min(abs(paper - 127.5) / 64, 1)
  }
}
