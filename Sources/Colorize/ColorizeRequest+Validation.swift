// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ColorizeRequest {
  /// Checks every number, and that the mode has the inputs it needs. ``Model/validate(_:)`` also checks what depends on
  /// the model.
  ///
  /// - Throws: ``ColorizeError``.
  public func validate() throws {
    try settings.validate()
    if let palette, palette.entries.isEmpty {
      throw ColorizeError.invalidOption(.palette, value: "empty", expected: "at least one colour")
    }
    if let hints, usesHints { try hints.checkHints(for: sketch.size) }
    if settings.injection != nil, case .none = reference {
      throw ColorizeError.invalidOption(.injection, value: "on", expected: "a reference to inject")
    }
    try checkReferences()
    try checkInputs()
  }

  /// Checks what concerns several references only.
  private func checkReferences() throws {
    let references = self.references
    guard !furtherReferences.isEmpty else {
      guard referenceRegion == nil else {
        throw ColorizeError.invalidReferences(
          "the only reference has a region, and nothing else colours the rest; leave the region out, or give another "
            + "reference")
      }
      return
    }
    if case .none = reference {
      throw ColorizeError.invalidReferences("there are further references and no first one; make one of them the first")
    }
    guard references.count <= Self.maximumReferenceCount else {
      throw ColorizeError.invalidReferences(
        "there are \(references.count) references, and at most \(Self.maximumReferenceCount) can be used")
    }
    for (index, placed) in references.enumerated() {
      if case .none = placed.reference {
        throw ColorizeError.invalidReferences("reference \(index + 1) is none; leave it out")
      }
      guard let region = placed.region else { continue }
      guard region.size.hasAspect(of: sketch.size) else {
        throw ColorizeError.invalidReferences(
          "the region of reference \(index + 1) is \(region.size), of another shape than the sketch, which is "
            + "\(sketch.size); give a mask of the whole sketch")
      }
      guard region.values.contains(where: { $0 >= ReferenceAreas.threshold }) else {
        throw ColorizeError.invalidReferences(
          "the region of reference \(index + 1) is empty; it is white where the reference acts")
      }
    }
  }

  /// What the mode does not use is not looked at, so that a program can change the mode and leave the rest.
  private func checkInputs() throws {
    let mode = settings.mode
    if mode.needsSketchMask {
      guard let sketchMask else { throw ColorizeError.missingInput(.sketchMask, mode: mode) }
      try sketchMask.check(for: sketch, as: .sketchMask)
    }
    if !furtherReferences.isEmpty { return try checkSeveralBackgrounds() }
    switch reference {
    case .none:
      if mode != .vanilla { throw ColorizeError.missingInput(.reference, mode: mode) }
    case .image(let image):
      guard mode.needsBackground else { return }
      if referenceMask == nil && background == nil { throw ColorizeError.missingInput(.referenceMask, mode: mode) }
      try Self.checkBackground(of: image, mask: referenceMask, picture: background)
    case .encoded(let encoded):
      guard mode.needsBackground else { return }
      if encoded.background == nil && background == nil {
        throw ColorizeError.missingInput(.encodedBackground, mode: mode)
      }
      try checkBackground(of: encoded)
    }
  }

  /// Of several references, those without a mask are their own backgrounds: then one mask or a background picture says
  /// that the mode is meant.
  private func checkSeveralBackgrounds() throws {
    guard settings.mode.needsBackground else { return }
    var hasBackground = background != nil
    for placed in references {
      switch placed.reference {
      case .none: break
      case .image(let image):
        try placed.mask?.check(for: image, as: .referenceMask)
        if placed.mask != nil { hasBackground = true }
      case .encoded(let encoded):
        if placed.mask != nil { throw ColorizeError.contradictoryInputs(.referenceMask, .encodedBackground) }
        if encoded.background != nil { hasBackground = true }
      }
    }
    if !hasBackground { throw ColorizeError.missingInput(.referenceMask, mode: settings.mode) }
    if background != nil, ReferenceAreas(references).members[0].contains(where: { references[$0].mask != nil }) {
      throw ColorizeError.contradictoryInputs(.referenceMask, .background)
    }
  }

  /// Makes sure that the background comes from one place.
  static func checkBackground(of image: Image, mask: Mask?, picture: Image?) throws(ColorizeError) {
    guard let mask else { return }
    if picture != nil { throw .contradictoryInputs(.referenceMask, .background) }
    try mask.check(for: image, as: .referenceMask)
  }

  /// The same where the reference is encoded: nothing can be cut out of it any more.
  private func checkBackground(of encoded: Reference) throws(ColorizeError) {
    if referenceMask != nil {
      throw .contradictoryInputs(.referenceMask, background == nil ? .encodedBackground : .background)
    }
    // A picture for the background is encoded with the request's own threshold.
    let threshold = settings.referenceThreshold
    guard background == nil, threshold != encoded.threshold else { return }
    guard threshold == ColorizeSettings.defaultReferenceThreshold else {
      throw .invalidOption(
        .referenceThreshold, value: "\(threshold)",
        expected: "\(encoded.threshold), which the reference was encoded with; encode it again for another")
    }
  }
}

extension Mask {
  /// Makes sure that the mask has its picture's aspect, at whatever scale: it would be stretched otherwise, and lie beside
  /// the figure.
  func check(for picture: Image, as input: ColorizeError.Input) throws(ColorizeError) {
    guard size.hasAspect(of: picture.size) else {
      throw .mismatchedMask(input, size: size, picture: picture.size)
    }
  }
}
