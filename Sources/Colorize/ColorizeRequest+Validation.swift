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
    if let hints, settings.needsFlats { try hints.checkHints(for: sketch.size) }
    if settings.injection != nil, case .none = reference {
      throw ColorizeError.invalidOption(.injection, value: "on", expected: "a reference to inject")
    }
    try checkInputs()
  }

  /// What the mode does not use is not looked at, so that a program can change the mode and leave the rest.
  private func checkInputs() throws {
    let mode = settings.mode
    if mode.needsSketchMask {
      guard let sketchMask else { throw ColorizeError.missingInput(.sketchMask, mode: mode) }
      try sketchMask.check(for: sketch, as: .sketchMask)
    }
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
