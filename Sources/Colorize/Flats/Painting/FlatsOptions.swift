// SPDX-License-Identifier: Apache-2.0

/// How regions get their colours.
public struct FlatsOptions: Sendable, Hashable, Codable {
  /// The colours that regions may have; nil takes them from the painting.
  public var palette: Palette?
  /// With a palette: a region whose painted colour is further than this CIEDE2000 difference from every entry is
  /// reported; 0 ... 100.
  public var farDistance: Double
  /// Without a palette: regions whose colours differ by at most this CIEDE2000 difference get the same one; 0 ... 50.
  public var mergeDistance: Double
  /// Without a palette: the most colours there are; 1 ... 4096, nil for any number.
  public var maximumColors: Int?

  public init(
    palette: Palette? = nil, farDistance: Double = 15, mergeDistance: Double = 5, maximumColors: Int? = nil
  ) {
    self.palette = palette
    self.farDistance = farDistance
    self.mergeDistance = mergeDistance
    self.maximumColors = maximumColors
  }

  /// - Throws: ``FlatsError/invalidOption(reason:)``.
  func validate() throws(FlatsError) {
    if let palette, palette.entries.isEmpty {
      throw .invalidOption(reason: "The palette has no colours to give to regions")
    }
    guard (0...100).contains(farDistance) else {
      throw .invalidOption(reason: "The distance from which regions are reported is 0 to 100, not \(farDistance)")
    }
    guard (0...50).contains(mergeDistance) else {
      throw .invalidOption(reason: "The distance at which colours become one is 0 to 50, not \(mergeDistance)")
    }
    if let maximumColors, !(1...4096).contains(maximumColors) {
      throw .invalidOption(reason: "The most colours are 1 to 4096, not \(maximumColors)")
    }
  }
}
