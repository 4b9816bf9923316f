// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ColorizeSettings {
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

  /// Checks every number, whatever the model and the pictures.
  ///
  /// - Throws: ``ColorizeError/invalidOption(_:value:expected:)``.
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
    try injection?.validate()
    if let hintStrength { try Self.check(hintStrength, .hintStrength, in: 0...1) }
    try referenceStrength.validate()
    try Self.check(foregroundStrength, .foregroundStrength, in: 0...10)
    try Self.check(backgroundStrength, .backgroundStrength, in: 0...10)
    try Self.check(sketchStrength, .sketchStrength, in: 0...10)
    try Self.check(merge, .merge, in: 0...1)
    try Self.check(sketchThreshold, .sketchThreshold, in: 0...1)
    try Self.check(referenceThreshold, .referenceThreshold, in: 0...1)
    try maskShaping?.validate()
    try manipulation?.validate()
    try flats.validate()
    do {
      try guides?.validate()
    } catch {
      throw ColorizeError.invalidOption(
        .guides, value: "\(guides?.kinds.count ?? 0) kinds", expected: error.description)
    }
    if let previewInterval { try Self.check(previewInterval, .previewInterval, in: 1...1000) }
  }
}
