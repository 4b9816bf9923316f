// SPDX-License-Identifier: Apache-2.0

extension Image {
  /// The drawing as the network takes it, at its working size.
  ///
  /// With ``SketchPreparation/automatic``, ink is measured as the distance from the paper's colour (see `InkPlane`),
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
    // The lines of coloured pictures are drawn dark; guessing is for lines on paper.
    let guesses = preparation == .automatic || preparation == .asIs
    let given = polarity == .automatic && !guesses ? .darkOnLight : polarity
    let estimate = given == .automatic ? polarityEstimate : PolarityEstimate(polarity: given, certainty: 1)
    let resized = try self.resized(width: width, height: height)
    let plain = resized.sketchLines(polarity: estimate.polarity)
    let whole = inkOnWhite(estimate.polarity)
    let cleaning = preparation == .automatic ? SheetCleaning(of: whole) : nil
    let drawing = cleaning?.applied(to: whole) ?? whole
    let analysis = SketchAnalysis(
      drawing, width: width, height: height, polarity: estimate, preparation: preparation,
      cleaned: cleaning?.steps ?? [])
    var report = analysis.report
    var values = analysis.lines
    if preparation == .lineFilter || preparation == .truncatedLineFilter {
      let filter = LineFilter(drawing, truncates: preparation == .truncatedLineFilter)
      values = filter.lines(width: width, height: height, drawing: drawing)
      // What is a line decides the filter, and how strong it is as well.
      report.kind = .lines
      report.steps = [.filteredLines]
      report.preparedVisibility = max(report.visibility, 0.5)
    }
    let lines = values.map {
      SketchLines(width: width, height: height, values: $0, polarity: estimate.polarity)
    }
    let shown = lines ?? plain
    return PreparedSketch(
      image: Image(
        checkedWidth: width, height: height, channels: 1,
        pixels: shown.values.map { SampleRange.signed.sample(of: -$0) }),
      report: report, lines: shown, paper: analysis.paper,
      cleaning: analysis.lines == nil ? nil : cleaning.flatMap { $0.isEmpty ? nil : $0 })
  }

  /// The picture with lines that a network found in it, at the network's working size.
  ///
  /// - Parameters:
  ///   - lines: those that were found, at any size.
  ///   - polarity: What the picture is: dark lines unless it says otherwise.
  ///   - width: Of the result, in pixels.
  ///   - height: Of the result, in pixels.
  /// - Throws: ``ImageError`` for a size that an image cannot have.
  public func prepared(
    as lines: ExtractedLines, polarity: SketchPolarity = .automatic, width: Int, height: Int
  ) throws(ImageError) -> PreparedSketch {
    let found = try lines.resized(width: width, height: height)
    let polarity = polarity == .automatic ? SketchPolarity.darkOnLight : polarity
    let drawing = try resized(width: width, height: height).inkOnWhite(polarity)
    let analysis = SketchAnalysis(
      drawing, width: width, height: height, polarity: PolarityEstimate(polarity: polarity, certainty: 1),
      preparation: .asIs)
    let image = found.image
    var report = analysis.report
    report.take(LineMeasure(found.values.map { ($0 + 1) / 2 }, width: width, height: height), network: lines.network)
    // Rounded as the picture is, so that the picture gives the same lines.
    return PreparedSketch(
      image: image, report: report,
      lines: SketchLines(
        width: width, height: height, values: image.floats(.signed).map { -$0 }, polarity: polarity), paper: nil,
      cleaning: nil)
  }

  /// The drawing without transparency, lines dark; grey where it has no colours.
  func inkOnWhite(_ polarity: SketchPolarity) -> Image {
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
