// SPDX-License-Identifier: Apache-2.0

/// How the reference's picture is injected into the self-attentions of the network while the sketch is coloured.
///
/// Before each step the reference itself, squeezed to the sketch's frame and noised to the step's level, goes through the
/// U-Net, and what its self-attentions see is offered to the sketch's beside their own tokens: colours and texture are
/// taken from the picture directly, and not only by way of the image encoder. A step of the published network at 512 x 512
/// takes 2.2 to 2.3 times the arithmetic of one without. The published ColorizeDiffusion application calls it so.
public struct AttentionInjection: Sendable, Hashable, Codable {
  /// The progress of the run from which on the reference is injected, `1 - t / 999`: 0 from the beginning, 1 hardly at all.
  public var start: Double
  /// How much the branch without the reference keeps to itself, 0...1. With reference guidance, the larger it is, the
  /// further the result is pushed towards what is injected; without, it does nothing.
  public var reference: Double
  /// How strongly the lines of the reference guide its own pass, 0...10: 0 for not at all.
  public var sketch: Double

  /// Injection from the beginning, as the published application has it.
  public init(start: Double = 0, reference: Double = 0.5, sketch: Double = 0) {
    self.start = start
    self.reference = reference
    self.sketch = sketch
  }

  /// Decodes an object of these properties; what is missing is as in ``init(start:reference:sketch:)``.
  public init(from decoder: any Decoder) throws {
    self.init()
    let values = try decoder.container(keyedBy: CodingKeys.self)
    start = try values.decodeIfPresent(Double.self, forKey: .start) ?? start
    reference = try values.decodeIfPresent(Double.self, forKey: .reference) ?? reference
    sketch = try values.decodeIfPresent(Double.self, forKey: .sketch) ?? sketch
  }

  func validate() throws {
    try ColorizeSettings.check(start, .injectionStart, in: 0...1)
    try ColorizeSettings.check(reference, .injectionReference, in: 0...1)
    try ColorizeSettings.check(sketch, .injectionSketch, in: 0...10)
  }

  /// The seed of the noise that the reference gets: the same for all pictures, so that none depends on how many are made
  /// with it, and one pass of the reference does for all of them. It is no seed that people choose, since noise that the
  /// reference shares with the picture would draw its content along.
  static let noiseSeed: UInt64 = 0x696E_6A63
}
