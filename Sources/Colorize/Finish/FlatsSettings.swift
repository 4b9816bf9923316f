// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// How a request's flats are made; see ``RegionMap`` and ``Flats``.
public struct FlatsSettings: Sendable, Hashable, Codable {
  /// Where the colours of flats come from, unless ``ColorizeRequest/palette`` gives them.
  public enum ColorSource: String, Sendable, Hashable, CaseIterable, Codable {
    /// The reference's own flat colours, and those of a background picture.
    case reference
    /// The painting itself: shades that hardly differ become one.
    case painting
  }

  /// Whether colours are carried over from the same places of the reference.
  public enum AlignmentUse: String, Sendable, Hashable, CaseIterable, Codable {
    /// Where the reference shows the drawing's subject in a similar view; see ``Alignment``.
    case automatic = "auto"
    /// Never: flats are what the painting votes for.
    case none
  }

  /// Where the colours come from.
  public var colors = ColorSource.reference
  /// Whether they are carried over from the same places of the reference. Takes no part where the colours are the
  /// painting's.
  public var alignment = AlignmentUse.automatic
  /// The most colours that are taken from the reference or from the painting, 1...4096. A palette that is given is used
  /// whole.
  public var maximumColors = 32
  /// The widest gap between lines that is closed, in pixels of the sketch, 0...1000; nil for a thirtieth of the shorter
  /// side.
  public var maximumGap: Double?
  /// The least area of a region that is open towards a neighbour, in pixels of the sketch; nil for a ten-thousandth of
  /// the sketch.
  public var minimumArea: Int?
  /// Regions that were painted further than this CIEDE2000 difference from every colour of the palette are listed, 0...100.
  public var farDistance = 15.0

  public init() {}

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    colors = try values.decodeIfPresent(ColorSource.self, forKey: .colors) ?? colors
    // Settings that do not say were written when there was none.
    alignment = try values.decodeIfPresent(AlignmentUse.self, forKey: .alignment) ?? .none
    maximumColors = try values.decodeIfPresent(Int.self, forKey: .maximumColors) ?? maximumColors
    maximumGap = try values.decodeIfPresent(Double.self, forKey: .maximumGap)
    minimumArea = try values.decodeIfPresent(Int.self, forKey: .minimumArea)
    farDistance = try values.decodeIfPresent(Double.self, forKey: .farDistance) ?? farDistance
  }

  func validate() throws {
    try ColorizeSettings.check(maximumColors, .maximumColors, in: 1...4096)
    if let maximumGap { try ColorizeSettings.check(maximumGap, .maximumGap, in: 0...1000) }
    if let minimumArea { try ColorizeSettings.check(minimumArea, .minimumArea, in: 0...Image.maximumPixelCount) }
    try ColorizeSettings.check(farDistance, .farDistance, in: 0...100)
  }

  /// - Parameter polarity: the one that was found.
  package func regionOptions(polarity: SketchPolarity, guides: GuideOptions?) -> RegionOptions {
    RegionOptions(maximumGap: maximumGap, minimumArea: minimumArea, polarity: polarity, guides: guides)
  }
}
