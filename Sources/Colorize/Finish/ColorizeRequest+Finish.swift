// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ColorizeRequest {
  /// The regions that the finish of a picture will find, in the result's frame. They come from the sketch alone, so that a
  /// program can look at them before a picture is made.
  ///
  /// - Throws: ``ColorizeError``, ``FlatsError``, ``ImageError``, or `CancellationError`.
  public func regionMap(for model: Model) throws -> RegionMap {
    try model.validate(self)
    let frame = WorkingFrame(self, model.configuration)
    let found = try preparedSketch(for: model).report.polarity
    let lineArt = settings.frame == .sketch ? sketch : try sketch.resized(frame.scaled)
    return try RegionMap(
      lineArt: lineArt, options: settings.flats.regionOptions(polarity: found, guides: settings.guides))
  }

  /// The sketch as the network will see it.
  ///
  /// - Throws: ``ImageError``, ``FlatsError``.
  public func preparedSketch(for model: Model) throws -> PreparedSketch {
    try WorkingFrame(self, model.configuration).prepared(settings.withoutGuides(sketch), for: self)
  }

  /// The palette that flats are painted in: the one that is given, or the flat colours of the reference and of the
  /// background picture. Nil where the painting's own colours are to be taken.
  ///
  /// Where the mode takes figure and ground apart, each side's regions have the colours of that side of the reference
  /// alone, so that flats do not leak where the network does not.
  package func flatColors() throws -> (palette: Palette, sides: PaletteSides?)? {
    if let palette { return (palette, nil) }
    guard settings.flats.colors == .reference else { return nil }
    let (image, mask, backgroundPicture): (Image, Mask?, Image?)
    switch reference {
    case .none: return nil
    case .image(let picture): (image, mask, backgroundPicture) = (picture, referenceMask, background)
    case .encoded(let encoded):
      (image, mask, backgroundPicture) = (encoded.picture, encoded.mask, background ?? encoded.backgroundPicture)
    }
    let whole = try entries(of: image, mask: mask)
    let behind = try entries(of: backgroundPicture)
    let colors = whole + behind.filter { !whole.contains($0) }
    guard !colors.isEmpty else { return nil }
    guard settings.mode.needsBackground, let sketchMask, mask != nil || backgroundPicture != nil else {
      return (Palette(colors), nil)
    }
    let figure = try mask.map { try entries(of: image.cutOut(by: $0)) } ?? whole
    let ground =
      backgroundPicture == nil ? try entries(of: mask.map { try image.cutOut(by: $0, inverted: true) }) : behind
    // With a background of its own, the reference's is no longer there.
    let shown =
      backgroundPicture == nil
      ? colors : colors.filter { Self.occurs($0, in: figure) || Self.occurs($0, in: ground) }
    guard !shown.isEmpty else { return (Palette(colors), nil) }
    return (
      Palette(shown),
      PaletteSides(
        isFigure: shown.map { Self.occurs($0, in: figure) }, isGround: shown.map { Self.occurs($0, in: ground) },
        mask: sketchMask)
    )
  }

  /// What the flats' colours may be carried over from; nil where that is not asked for, or where they are the painting's.
  package var carriedSource: CarriedColors.Source? {
    guard settings.flats.alignment == .automatic, palette != nil || settings.flats.colors == .reference else {
      return nil
    }
    // Masks that the mode does not use say nothing of what is asked for.
    let (isMasked, hasGround) = (settings.mode.needsSketchMask, settings.mode.needsBackground)
    let own = isMasked ? sketchMask : nil
    switch reference {
    case .none: return nil
    case .image(let picture):
      return CarriedColors.Source(
        reference: picture, mask: hasGround ? referenceMask : nil, background: hasGround ? background : nil,
        sketchMask: own)
    case .encoded(let encoded):
      return CarriedColors.Source(
        reference: encoded.picture, mask: hasGround ? encoded.mask : nil,
        background: hasGround ? background ?? encoded.backgroundPicture : nil, sketchMask: own)
    }
  }

  /// Whether a colour is one of a side's: a side alone may be said in slightly other colours than the whole.
  private static func occurs(_ entry: Palette.Entry, in side: [Palette.Entry]) -> Bool {
    let lab = Lab(entry.color)
    return side.contains { Lab($0.color).difference(to: lab) < FlatColors.mergeRadius }
  }

  /// None for a picture that is transparent all over.
  private func entries(of image: Image?, mask: Mask? = nil) throws -> [Palette.Entry] {
    guard let image else { return [] }
    try Task.checkCancellation()
    let fitted = try mask?.resized(width: image.width, height: image.height)
    do throws(PaletteError) {
      return try Palette(of: image, maximumColors: settings.flats.maximumColors, mask: fitted).entries
    } catch .noColors {
      return []
    }
  }
}
