// SPDX-License-Identifier: Apache-2.0

/// One region of a drawing.
public struct Region: Sendable, Hashable, Codable {
  /// What a pixel of it is called in the region map.
  public let id: Int
  /// Its pixels, at least 1. The areas of all regions add up to the picture.
  public let area: Int
  /// The smallest box around it.
  public let box: PixelBox
  /// A pixel of it, far from its bounds where it can be.
  public let center: PixelPoint
  /// Whether it is a solid black spot, wider than a line.
  public let isInk: Bool
  /// What the guide strokes make of it.
  public let shade: Shade
  /// The regions beside it, those with the longest common bound first.
  public let neighbors: [Neighbor]

  /// A region beside another.
  public struct Neighbor: Sendable, Hashable, Codable {
    /// The other's ``Region/id``.
    public let id: Int
    /// The common bound in pixel edges.
    public let length: Int
    /// How much of it runs over paper: a gap that was closed.
    public let openLength: Int
  }
}

/// A box of pixels.
public struct PixelBox: Sendable, Hashable, Codable {
  public let x: Int
  public let y: Int
  public let width: Int
  public let height: Int
}

/// A pixel's place, from the top left.
public struct PixelPoint: Sendable, Hashable, Codable {
  public let x: Int
  public let y: Int
}

/// A gap between lines that was closed.
public struct Gap: Sendable, Hashable, Codable {
  /// The middle of the narrowest place.
  public let x: Int
  public let y: Int
  /// Its width in pixels.
  public let width: Double
  /// The regions that it parts.
  public let regions: [Int]
}

/// Which of the variants of its colour a region takes.
public enum Shade: String, Sendable, Hashable, Codable, CaseIterable {
  case base
  case highlight
  case shadow
}
