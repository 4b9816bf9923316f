// SPDX-License-Identifier: Apache-2.0

extension SketchPreparation {
  /// Whether it makes a drawing of a picture. Regions and lines over them are that drawing's then.
  var makesDrawing: Bool {
    switch self {
    case .automatic, .asIs: false
    case .lineFilter, .truncatedLineFilter, .extracted: true
    }
  }
}

extension ColorizeSettings {
  /// The drawing whose regions are found and whose lines are laid over them: the sketch without what its preparation left
  /// out or levelled, or the lines that were taken out of a coloured picture.
  ///
  /// - Parameters:
  ///   - sketch: without guide strokes.
  ///   - prepared: what became of it.
  ///   - lines: those that a network found in it.
  ///   - size: the drawing's.
  func drawing(
    of sketch: Image, _ prepared: PreparedSketch, lines: ExtractedLines?, size: ImageSize
  ) throws(ImageError) -> Image {
    // Where nothing was found, the network sees the picture as it is, and so do the regions.
    guard preparation.makesDrawing, !Set(prepared.report.steps).isDisjoint(with: SketchReport.Step.ofPictures) else {
      // Guide strokes have the colours of what may be left out.
      let sheet = guides == nil ? sketch.sheet(prepared) : sketch
      return sheet.size == size ? sheet : try sheet.resized(size)
    }
    let drawing = try Self.lines(in: sketch, prepared, found: lines, preparation, size: size)
    guard prepared.report.polarity == .lightOnDark else { return drawing }
    return Image(
      checkedWidth: size.width, height: size.height, channels: 1, pixels: drawing.pixels.map { 255 - $0 })
  }

  /// The longer side at which lines are found once more, at most: of larger pictures it takes long, and shows no more lines.
  private static let largestSide = 2048

  /// The lines that were made of a picture: grey, dark on white.
  private static func lines(
    in picture: Image, _ prepared: PreparedSketch, found: ExtractedLines?, _ preparation: SketchPreparation,
    size: ImageSize
  ) throws(ImageError) -> Image {
    guard prepared.image.size != size else { return prepared.image }
    if preparation == .extracted, let found {
      return try found.resized(width: size.width, height: size.height).image
    }
    // Found once more in more of the picture's pixels, lines are about as sharp as its own.
    let scale = min(1, Double(largestSide) / Double(max(size.width, size.height)))
    func side(_ extent: Int) -> Int { max(1, Int((Double(extent) * scale).rounded())) }
    let whole = try picture.prepared(
      preparation, polarity: prepared.report.polarity, width: side(size.width), height: side(size.height))
    let image = whole.report.steps.isEmpty ? prepared.image : whole.image
    return try image.resized(size)
  }
}

extension SketchReport.Step {
  /// What makes a drawing of a picture.
  fileprivate static let ofPictures: Set<Self> = [.extractedLines, .filteredLines]
}

extension ColorizeResult.Summary {
  /// What a picture's regions were found in, and its drawing, once more: both in the result's frame.
  ///
  /// - Parameter sketch: the request's.
  /// - Returns: Nil where a network found the lines, which is not asked again.
  package func lineArt(of sketch: Image) throws -> (lineArt: Image, drawing: Image)? {
    guard self.sketch?.network == nil else { return nil }
    let size = settings.frame == .sketch ? sketch.size : ImageSize(width: width, height: height)
    func framed(_ picture: Image) throws(ImageError) -> Image {
      picture.size == size ? picture : try picture.resized(size)
    }
    let whole = try settings.withoutGuides(sketch)
    let steps = SketchReport.Step.ofTheSheet.union(SketchReport.Step.ofPictures)
    guard let report = self.sketch, !steps.isDisjoint(with: report.steps) else {
      return (try framed(sketch), try framed(whole))
    }
    let prepared = try whole.prepared(settings.preparation, polarity: settings.polarity, width: width, height: height)
    let drawing = try settings.drawing(of: whole, prepared, lines: nil, size: size)
    let isBound = settings.guides == nil || settings.preparation.makesDrawing
    return (isBound ? drawing : try framed(sketch), drawing)
  }
}
