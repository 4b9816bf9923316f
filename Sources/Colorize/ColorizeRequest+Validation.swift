import DiffusionCore

extension ColorizeRequest {
  static func check<V: Comparable & CustomStringConvertible>(
    _ value: V, _ option: ColorizeError.Option, in range: ClosedRange<V>
  ) throws {
    guard range.contains(value) else {
      throw ColorizeError.invalidOption(
        option, value: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
    }
  }

  private static func check(_ part: ClosedRange<Double>, _ option: ColorizeError.Option) throws {
    guard part.lowerBound >= 0, part.upperBound <= 1 else {
      throw ColorizeError.invalidOption(
        option, value: "\(part.lowerBound) to \(part.upperBound)", expected: "a part of 0 to 1")
    }
  }

  private func checkSeeds() throws {
    guard noise == .numpy else { return }
    // That of the last picture is the largest.
    let largest = UInt64(UInt32.max) - UInt64(count - 1)
    guard seed <= largest else {
      throw ColorizeError.invalidOption(
        .seed, value: "\(seed)", expected: "0 to \(largest) with NumPy's generator, whose seeds have 32 bits")
    }
  }

  /// Checks every number, and that the mode has the inputs it needs. ``Model/validate(_:)`` also checks what depends on
  /// the model.
  ///
  /// - Throws: ``ColorizeError``.
  public func validate() throws {
    if let size { try Self.check(size, .size, in: 64...4096) }
    if case .pixels(let side) = vaeTiling { try Self.check(side, .vaeTiling, in: VAETiling.tileRange) }
    if case .rows(let rows) = batching { try Self.check(rows, .batching, in: 1...192) }
    try Self.check(count, .count, in: 1...64)
    try Self.check(steps, .steps, in: sampler.stepRange)
    try Self.check(guidance.reference, .guidanceReference, in: 0...100)
    try Self.check(guidance.sketch, .guidanceSketch, in: 0...100)
    try Self.check(guidance.interval, .guidanceInterval)
    if let excluded = guidance.excluded { try Self.check(excluded, .guidanceExcluded) }
    try checkSeeds()
    try referenceStrength.validate()
    try Self.check(foregroundStrength, .foregroundStrength, in: 0...10)
    try Self.check(backgroundStrength, .backgroundStrength, in: 0...10)
    try Self.check(sketchStrength, .sketchStrength, in: 0...10)
    try Self.check(merge, .merge, in: 0...1)
    try Self.check(sketchThreshold, .sketchThreshold, in: 0...1)
    try Self.check(referenceThreshold, .referenceThreshold, in: 0...1)
    if let previewInterval { try Self.check(previewInterval, .previewInterval, in: 1...1000) }
    try checkInputs()
  }

  /// What the mode does not use is not looked at, so that a program can change the mode and leave the rest.
  private func checkInputs() throws {
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
    guard background == nil, referenceThreshold != encoded.threshold else { return }
    guard referenceThreshold == Self.defaultReferenceThreshold else {
      throw .invalidOption(
        .referenceThreshold, value: "\(referenceThreshold)",
        expected: "\(encoded.threshold), which the reference was encoded with; encode it again for another")
    }
  }
}
