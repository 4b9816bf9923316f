extension ColorizeRequest {
  /// The palette that flats are painted in: the one that is given, or the flat colours of the reference and of the
  /// background picture. Nil where the painting's own colours are to be taken.
  package func flatColors() throws -> Palette? {
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
