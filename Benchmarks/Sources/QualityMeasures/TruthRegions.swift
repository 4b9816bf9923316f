// SPDX-License-Identifier: Apache-2.0

import Colorize

/// What can be wrong with pictures that are compared.
public enum MeasureError: Error, CustomStringConvertible, Equatable {
  /// Pictures of different sizes, or numbers that do not fit together.
  case mismatch(String)

  public var description: String {
    switch self {
    case .mismatch(let reason): reason
    }
  }
}

/// The regions of a picture whose colours are known: numbered from 1, the figure's first; 0 is no region (lines, seams).
public struct TruthRegions: Sendable {
  /// One of a picture's two sides.
  public enum Side: String, Sendable, Hashable, Codable, CaseIterable { case figure, ground }

  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// `[height, width]`, row-major: each pixel's region.
  public let labels: [UInt8]
  /// The number of regions.
  public let count: Int
  /// So many of them, the first, belong to the figure.
  public let figureCount: Int
  /// Pixels of each region, at its number; that of 0 first.
  public let areas: [Int]

  /// - Parameters:
  ///   - image: grey, each sample the number of a region.
  ///   - figureCount: how many of the regions, the first, belong to the figure.
  public init(_ image: Image, figureCount: Int) throws(MeasureError) {
    guard image.channels == 1 else {
      throw .mismatch("A picture of regions is grey, not of \(image.channels) channels")
    }
    width = image.width
    height = image.height
    labels = image.pixels
    count = Int(image.pixels.max() ?? 0)
    guard (0...count).contains(figureCount) else {
      throw .mismatch("\(figureCount) regions of the figure, where there are \(count) in all")
    }
    self.figureCount = figureCount
    var areas = [Int](repeating: 0, count: count + 1)
    for label in image.pixels { areas[Int(label)] += 1 }
    self.areas = areas
  }

  /// The numbers of one side's regions.
  public func numbers(of side: Side) -> Range<Int> {
    side == .figure ? 1..<(figureCount + 1) : (figureCount + 1)..<(count + 1)
  }

  /// The side that a region belongs to.
  public func side(of number: Int) -> Side { number <= figureCount ? .figure : .ground }

  /// Each region's median colour, channel by channel, at its number; black at 0 and where a region has no pixel.
  public func medians(of picture: LabPicture) throws(MeasureError) -> [Lab] {
    guard picture.width == width, picture.height == height else {
      throw .mismatch(
        "The picture is of \(picture.width) x \(picture.height) pixels, its regions of \(width) x \(height)")
    }
    var members = [[Lab]](repeating: [], count: count + 1)
    for number in 1..<max(1, count + 1) { members[number].reserveCapacity(areas[number]) }
    for (pixel, label) in labels.enumerated() where label > 0 { members[Int(label)].append(picture.colors[pixel]) }
    return members.map { colors in
      Lab(
        lightness: median(colors.map(\.lightness)) ?? 0, a: median(colors.map(\.a)) ?? 0,
        b: median(colors.map(\.b)) ?? 0)
    }
  }
}
