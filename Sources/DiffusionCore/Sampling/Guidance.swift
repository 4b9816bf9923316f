// SPDX-License-Identifier: Apache-2.0

/// How far the result is pushed away from what the model makes without the reference, and without the sketch.
///
/// Dual classifier-free guidance: `u + (c - u) * scale` for each scale above 1, and the mean of both results if both
/// are.
public struct Guidance: Sendable, Hashable, Codable {
  /// The reference's scale; its unconditional branch has a context of zeros and keeps the sketch.
  public var reference: Double
  /// The sketch's scale; its unconditional branch has the features of an empty drawing and keeps the context.
  public var sketch: Double
  /// The part of the run with a reference, as progress `1 - t / 999`; outside, the context is zeros for every branch.
  public var interval: ClosedRange<Double>
  /// A part of the run without a reference.
  public var excluded: ClosedRange<Double>?

  /// Guidance over the whole run.
  public init(
    reference: Double = 1, sketch: Double = 1, interval: ClosedRange<Double> = 0...1,
    excluded: ClosedRange<Double>? = nil
  ) {
    self.reference = reference
    self.sketch = sketch
    self.interval = interval
    self.excluded = excluded
  }

  /// Decodes scales and intervals (two numbers, the lower first); what is missing is as in
  /// ``init(reference:sketch:interval:excluded:)``.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      reference: try values.decodeIfPresent(Double.self, forKey: .reference) ?? 1,
      sketch: try values.decodeIfPresent(Double.self, forKey: .sketch) ?? 1,
      interval: try values.decodeIfPresent(ClosedRange<Double>.self, forKey: .interval) ?? 0...1,
      excluded: try values.decodeIfPresent(ClosedRange<Double>.self, forKey: .excluded))
  }

  /// Whether the reference acts at a timestep of a process of `count` timesteps.
  public func usesReference(at timestep: Double, of count: Int) -> Bool {
    let progress = 1 - timestep / Double(max(count - 1, 1))
    return interval.contains(progress) && !(excluded?.contains(progress) ?? false)
  }
}
