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
    let prior = tones == .darkOnLight ? 0.35 : -0.35
    let score = shape.balance + prior
    return PolarityEstimate(
      polarity: score >= 0 ? .darkOnLight : .lightOnDark, certainty: Float(min(abs(score) / 1.2, 1)))
  }
}
