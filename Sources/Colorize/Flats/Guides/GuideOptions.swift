// SPDX-License-Identifier: Apache-2.0

/// Strokes that bound regions by a colour of their own, and vanish in the result: an animator's lines for light and
/// shadow.
public struct GuideOptions: Sendable, Hashable, Codable {
  /// One kind of stroke.
  public struct Kind: Sendable, Hashable, Codable {
    /// In degrees as in HSV: red 0, yellow 60, green 120, blue 240.
    public var hue: Double
    /// How far a stroke's hue may be from it, in degrees: 1 ... 90.
    public var tolerance: Double
    /// What the smaller of the two regions at a stroke becomes; ``Shade/base`` parts regions and shades neither.
    public var shade: Shade

    public init(hue: Double, tolerance: Double = 25, shade: Shade) {
      self.hue = hue
      self.tolerance = tolerance
      self.shade = shade
    }
  }

  /// The kinds of strokes, at most 16; where two fit, the first counts.
  public var kinds: [Kind]

  public init(_ kinds: [Kind]) {
    self.kinds = kinds
  }

  /// Red strokes for highlights, blue ones (from sky blue to violet) for shadows.
  public static let `default` = GuideOptions([
    Kind(hue: 0, shade: .highlight), Kind(hue: 235, tolerance: 40, shade: .shadow),
  ])

  /// - Throws: ``FlatsError/invalidOption(reason:)``.
  func validate() throws(FlatsError) {
    guard (1...16).contains(kinds.count) else {
      throw .invalidOption(reason: "Guide strokes are of 1 to 16 kinds, not \(kinds.count)")
    }
    for kind in kinds {
      guard (-360...720).contains(kind.hue) else {
        throw .invalidOption(reason: "The hue of guide strokes is 0 to 360 degrees, not \(kind.hue)")
      }
      guard (1...90).contains(kind.tolerance) else {
        throw .invalidOption(
          reason: "The tolerance of guide strokes' hue is 1 to 90 degrees, not \(kind.tolerance)")
      }
    }
  }
}
