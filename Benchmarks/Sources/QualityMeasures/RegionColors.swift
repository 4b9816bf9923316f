// SPDX-License-Identifier: Apache-2.0

import Colorize

/// How close a picture's regions come to the colours of the truth.
public struct RegionColors: Sendable, Codable {
  /// One region's median colour beside the truth's.
  public struct Region: Sendable, Codable {
    /// The region's number.
    public let number: Int
    /// Its pixels.
    public let area: Int
    /// CIEDE2000 between its median colour and the truth's.
    public let difference: Double
  }

  /// The regions of one side.
  public let regions: [Region]

  /// Colours at or below this CIEDE2000 count as right.
  public static let tolerance = 10.0

  public init(_ regions: [Region]) { self.regions = regions }

  /// Compares medians, each at its region's number.
  public init(_ side: TruthRegions.Side, of truth: TruthRegions, medians: [Lab], wanted: [Lab]) {
    regions = truth.numbers(of: side).filter { truth.areas[$0] > 0 }.map { number in
      Region(number: number, area: truth.areas[number], difference: medians[number].difference(to: wanted[number]))
    }
  }

  /// The share of the area whose regions have the right colour; nil without any region.
  public var share: Double? {
    let total = regions.reduce(0) { $0 + $1.area }
    guard total > 0 else { return nil }
    return Double(regions.filter { $0.difference <= Self.tolerance }.reduce(0) { $0 + $1.area }) / Double(total)
  }

  /// The median of the regions' differences, each region counting once.
  public var medianDifference: Double? { median(regions.map(\.difference)) }
}
