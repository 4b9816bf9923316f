extension Image {
  /// The drawing as the network takes it, at its working size.
  ///
  /// With ``SketchPreparation/automatic``, ink is measured as the distance from the paper's colour (see ``InkPlane``),
  /// the paper's grain is taken out, and ink is scaled so that typical lines are about black. Where nothing of that is
  /// needed the drawing is only resized, as with ``SketchPreparation/asIs``.
  ///
  /// - Parameters:
  ///   - polarity: What the drawing is; automatic finds out.
  ///   - width: Of the result, in pixels.
  ///   - height: Of the result, in pixels.
  /// - Throws: ``ImageError`` for a size that an image cannot have.
  public func prepared(
    _ preparation: SketchPreparation = .automatic, polarity: SketchPolarity = .automatic, width: Int, height: Int
  ) throws(ImageError) -> PreparedSketch {
    let estimate = polarity == .automatic ? polarityEstimate : PolarityEstimate(polarity: polarity, certainty: 1)
    let resized = try self.resized(width: width, height: height)
    let plain = resized.sketchLines(polarity: estimate.polarity)
    let drawing = inkOnWhite(estimate.polarity)
    let analysis = SketchAnalysis(
      drawing, width: width, height: height, polarity: estimate, preparation: preparation)
    let lines = analysis.lines.map {
      SketchLines(width: width, height: height, values: $0, polarity: estimate.polarity)
    }
    let shown = lines ?? plain
    return PreparedSketch(
      image: Image(
        checkedWidth: width, height: height, channels: 1,
        pixels: shown.values.map { SampleRange.signed.sample(of: -$0) }),
      report: analysis.report, lines: shown)
  }

  /// The drawing without transparency, lines dark; grey where it has no colours.
  private func inkOnWhite(_ polarity: SketchPolarity) -> Image {
    let isLight = polarity == .lightOnDark
    let paper: UInt8 = isLight ? 0 : 255
    var opaque = channels == 4 ? composited(over: (paper, paper, paper)) : self
    if opaque.channels == 3, !opaque.hasColor { opaque = opaque.grey }
    guard isLight else { return opaque }
    return Image(
      checkedWidth: width, height: height, channels: opaque.channels, pixels: opaque.pixels.map { 255 - $0 })
  }

  /// Whether some pixel's channels differ.
  private var hasColor: Bool {
    pixels.withUnsafeBufferPointer { pixels in
      stride(from: 0, to: pixels.count, by: 3).contains {
        pixels[$0] != pixels[$0 + 1] || pixels[$0] != pixels[$0 + 2]
      }
    }
  }
}
