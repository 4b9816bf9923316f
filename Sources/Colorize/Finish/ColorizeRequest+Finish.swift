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
    let drawing = try settings.withoutGuides(sketch)
    let prepared = try frame.prepared(drawing, for: self)
    return try RegionMap(
      lineArt: lineArt(drawing: self.drawing(drawing, prepared, in: frame), in: frame),
      options: settings.flats.regionOptions(polarity: prepared.report.polarity, guides: settings.guides))
  }

  /// The drawing in the result's frame that regions and lines come from.
  ///
  /// - Parameters:
  ///   - drawing: the sketch without guide strokes.
  ///   - prepared: what became of it.
  func drawing(_ drawing: Image, _ prepared: PreparedSketch, in frame: WorkingFrame) throws(ImageError) -> Image {
    try settings.drawing(
      of: drawing, prepared, lines: extractedLines, size: settings.frame == .sketch ? sketch.size : frame.scaled)
  }

  /// What bounds regions in the result's frame: the drawing with its guide strokes. The colours of a picture whose lines
  /// were taken out are no guides.
  ///
  /// - Parameter drawing: the drawing in that frame, without them.
  func lineArt(drawing: Image, in frame: WorkingFrame) throws(ImageError) -> Image {
    guard settings.guides != nil, !settings.preparation.makesDrawing else { return drawing }
    return settings.frame == .sketch ? sketch : try sketch.resized(frame.scaled)
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
    guard furtherReferences.isEmpty else { return try colorsOfSeveral() }
    guard let (image, mask, backgroundPicture) = soleColorSources else { return nil }
    let whole = try entries(of: image, mask: mask)
    let behind = try entries(of: backgroundPicture)
    let colors = whole + behind.filter { !whole.contains($0) }
    guard !colors.isEmpty else { return nil }
    guard let sketchMask, mask != nil || backgroundPicture != nil else {
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

  /// The same for several references: each area's regions have the colours of its own references, and where figure and
  /// ground are told apart, those of that side of them.
  private func colorsOfSeveral() throws -> (palette: Palette, sides: PaletteSides?)? {
    let references = self.references
    let areas = ReferenceAreas(references)
    let tellsSides = settings.mode.needsBackground && sketchMask != nil
    let backdrop = tellsSides ? try entries(of: background) : []
    /// The colours of each part, in the order of ``PaletteSides/parts``.
    var colors: [[Palette.Entry]] = []
    for (area, members) in areas.members.enumerated() {
      var (whole, figure, ground): ([Palette.Entry], [Palette.Entry], [Palette.Entry]) = ([], [], [])
      for index in members {
        let (image, mask, own) = references[index].colorSources
        guard let image else { continue }
        let all = try entries(of: image, mask: settings.mode.needsBackground ? mask : nil)
        whole += all
        guard tellsSides else { continue }
        // What has no mask is both figure and ground as a whole; entries are those of the whole picture, which a side
        // alone may say a little otherwise.
        let front = try mask.map { try entries(of: image.cutOut(by: $0)) } ?? all
        figure += mask == nil ? all : all.filter { Self.occurs($0, in: front) }
        if let own {
          ground += try entries(of: own)
        } else if let mask {
          let behind = try entries(of: image.cutOut(by: mask, inverted: true))
          ground += all.filter { Self.occurs($0, in: behind) }
        } else {
          ground += all
        }
      }
      if tellsSides {
        colors += [figure, area == 0 && background != nil ? backdrop : ground]
      } else {
        colors.append(whole)
      }
    }
    var shown: [Palette.Entry] = []
    for entry in colors.joined() where !shown.contains(entry) { shown.append(entry) }
    guard !shown.isEmpty else { return nil }
    guard colors.count > 1 else { return (Palette(shown), nil) }
    let parts = colors.map { part in shown.map { part.contains($0) } }
    return (
      Palette(shown),
      PaletteSides(parts: parts, mask: tellsSides ? sketchMask : nil, areas: areas.count > 1 ? areas : nil)
    )
  }

  /// What the flats' colours may be carried over from; nil where that is not asked for, or where they are the painting's.
  package var carriedSource: CarriedColors.Source? {
    guard settings.flats.alignment == .automatic, palette != nil || settings.flats.colors == .reference else {
      return nil
    }
    // Each of several references colours its own area, by its palette.
    guard furtherReferences.isEmpty else { return nil }
    // Masks that the mode does not use say nothing of what is asked for.
    let own = settings.mode.needsSketchMask ? sketchMask : nil
    guard let (image, mask, backgroundPicture) = soleColorSources else { return nil }
    let target = if case .encoded(let encoded) = reference { encoded.target } else { AlignmentTarget(image) }
    return CarriedColors.Source(
      reference: target, mask: mask, background: backgroundPicture, sketchMask: own)
  }

  /// What the colours of a sole reference come from: the picture, where its figure is, and the picture of the ground, where
  /// there is one; nil without a reference.
  private var soleColorSources: (image: Image, mask: Mask?, background: Image?)? {
    guard let (image, mask, own) = references.first?.colorSources, let image else { return nil }
    // A mode that does not take figure and ground apart looks at neither.
    return settings.mode.needsBackground ? (image, mask, background ?? own) : (image, nil, nil)
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
