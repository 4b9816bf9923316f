import DiffusionCore

extension ColorizeRequest {
  static func check<V: Comparable & CustomStringConvertible>(
    _ value: V, _ name: String, in range: ClosedRange<V>
  ) throws {
    guard range.contains(value) else {
      throw ColorizeError.invalidOption(
        name: name, value: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
    }
  }

  private static func check(_ part: ClosedRange<Double>, _ name: String) throws {
    guard part.lowerBound >= 0, part.upperBound <= 1 else {
      throw ColorizeError.invalidOption(
        name: name, value: "\(part.lowerBound) to \(part.upperBound)", expected: "a part of 0 to 1")
    }
  }

  private func checkSeeds() throws {
    guard noise == .numpy else { return }
    // That of the last picture is the largest.
    let largest = UInt64(UInt32.max) - UInt64(count - 1)
    guard seed <= largest else {
      throw ColorizeError.invalidOption(
        name: "seed", value: "\(seed)", expected: "0 to \(largest) with NumPy's generator, whose seeds have 32 bits")
    }
  }

  /// Checks every number, and that the mode has the inputs it needs. ``Model/validate(_:)`` also checks what depends on
  /// the model.
  ///
  /// - Throws: ``ColorizeError``.
  public func validate() throws {
    if let size { try Self.check(size, "size", in: 64...4096) }
    if case .pixels(let side) = vaeTiling { try Self.check(side, "vae tile", in: VAETiling.tileRange) }
    if case .rows(let rows) = batching { try Self.check(rows, "batching rows", in: 1...192) }
    try Self.check(count, "count", in: 1...64)
    try Self.check(steps, "steps", in: sampler.stepRange)
    try Self.check(guidance.reference, "reference guidance", in: 0...100)
    try Self.check(guidance.sketch, "sketch guidance", in: 0...100)
    try Self.check(guidance.interval, "guidance interval")
    if let excluded = guidance.excluded { try Self.check(excluded, "excluded guidance interval") }
    try checkSeeds()
    try referenceStrength.validate()
    try Self.check(foregroundStrength, "foreground strength", in: 0...10)
    try Self.check(backgroundStrength, "background strength", in: 0...10)
    try Self.check(sketchStrength, "sketch strength", in: 0...10)
    try Self.check(merge, "merge", in: 0...1)
    try Self.check(sketchThreshold, "sketch threshold", in: 0...1)
    try Self.check(referenceThreshold, "reference threshold", in: 0...1)
    if let previewInterval { try Self.check(previewInterval, "preview interval", in: 1...1000) }
    if mode.needsSketchMask && sketchMask == nil {
      throw ColorizeError.missingInput(
        mode: mode, needed: "the sketch's mask (white where the figure is), or a sketch with an alpha channel as mask")
    }
    switch reference {
    case .none:
      if mode != .vanilla { throw ColorizeError.missingInput(mode: mode, needed: "a reference") }
    case .image:
      if mode.needsBackground && referenceMask == nil && background == nil {
        throw ColorizeError.missingInput(
          mode: mode, needed: "the reference's mask (white where its figure is), or a background picture")
      }
    case .encoded(let encoded):
      if mode.needsBackground && encoded.background == nil && background == nil {
        throw ColorizeError.missingInput(
          mode: mode, needed: "a reference encoded with its mask, or a background picture")
      }
    }
    if mode.needsBackground && background != nil && referenceMask != nil {
      throw ColorizeError.invalidOption(
        name: "background", value: "a picture beside a reference mask",
        expected: "one of both: the background comes from the picture, or from the reference where its mask is black")
    }
  }
}
