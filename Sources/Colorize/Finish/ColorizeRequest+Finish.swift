extension ColorizeRequest {
  /// The regions that the finish of a picture will find, in the result's frame. They come from the sketch alone, so that a
  /// program can look at them before a picture is made.
  ///
  /// - Throws: ``ColorizeError``, ``FlatsError``, ``ImageError``, or `CancellationError`.
  public func regionMap(for model: Model) throws -> RegionMap {
    try model.validate(self)
    let frame = WorkingFrame(self, model.configuration)
    let drawing = try settings.withoutGuides(sketch)
    let found = try frame.prepared(drawing, settings.preparation, polarity: settings.polarity).report.polarity
    let lineArt = settings.frame == .sketch ? sketch : try sketch.resized(frame.scaled)
    return try RegionMap(
      lineArt: lineArt, options: settings.flats.regionOptions(polarity: found, guides: settings.guides))
  }

  /// The palette that flats are painted in: the one that is given, or the flat colours of the reference and of the
  /// background picture. Nil where the painting's own colours are to be taken.
  func flatColors() throws -> Palette? {
    if let palette { return palette }
    guard settings.flats.colors == .reference else { return nil }
    var colors: [Palette.Entry] = []
    func take(_ image: Image?, _ mask: Mask?) throws {
      guard let image else { return }
      try Task.checkCancellation()
      let fitted = try mask?.resized(width: image.width, height: image.height)
      do throws(PaletteError) {
        for entry in try Palette(of: image, maximumColors: settings.flats.maximumColors, mask: fitted).entries
        where !colors.contains(entry) { colors.append(entry) }
      } catch .noColors {
        // Transparent all over.
        return
      }
    }
    switch reference {
    case .none: break
    case .image(let image):
      try take(image, referenceMask)
      try take(background, nil)
    case .encoded(let encoded):
      try take(encoded.picture, encoded.mask)
      try take(background ?? encoded.backgroundPicture, nil)
    }
    return colors.isEmpty ? nil : Palette(colors)
  }
}
