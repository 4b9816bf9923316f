// SPDX-License-Identifier: Apache-2.0

import Colorize

/// A recolouring that is the same wherever it is applied: so the truth of a recoloured reference is known.
///
/// Red becomes green, green blue and blue red. Greys, and with them lines and paper, stay.
public enum ColorShift {
  /// The image in the other colours; alpha stays.
  public static func apply(to image: Image) throws -> Image {
    guard image.channels >= 3 else { return image }
    var pixels = image.pixels
    for pixel in stride(from: 0, to: pixels.count, by: image.channels) {
      (pixels[pixel], pixels[pixel + 1], pixels[pixel + 2]) = (pixels[pixel + 2], pixels[pixel], pixels[pixel + 1])
    }
    return try Image(width: image.width, height: image.height, channels: image.channels, pixels: pixels)
  }
}

/// Whether the colours follow when the reference's are changed.
public struct ColorFollowing: Sendable, Codable {
  /// The share of the area of the regions that had to change whose colours come closer to the new truth than to the old.
  public let nearer: Double
  /// The share whose colours are right in the new truth.
  public let right: Double
  /// Of the regions whose colours were right before, the share of the area whose colours are right again; nil where
  /// none was. What a model gets wrong anyhow does not count here.
  public let kept: Double?

  /// A region has to change if its old and new truth are at least this far apart in CIEDE2000.
  public static let leastChange = 20.0

  /// Compares medians, each at its region's number; nil where no region had to change.
  ///
  /// - Parameters:
  ///   - medians: those of the picture after the new reference.
  ///   - before: those of the picture after the old one.
  ///   - old: the old truth's.
  ///   - new: the new truth's.
  public init?(
    _ side: TruthRegions.Side, of truth: TruthRegions, medians: [Lab], before: [Lab], old: [Lab], new: [Lab]
  ) {
    var (total, nearer, right, had, kept) = (0, 0, 0, 0, 0)
    for number in truth.numbers(of: side) where old[number].difference(to: new[number]) >= Self.leastChange {
      let area = truth.areas[number]
      let difference = medians[number].difference(to: new[number])
      total += area
      if difference < medians[number].difference(to: old[number]) { nearer += area }
      let isRight = difference <= RegionColors.tolerance
      if isRight { right += area }
      guard before[number].difference(to: old[number]) <= RegionColors.tolerance else { continue }
      had += area
      if isRight { kept += area }
    }
    guard total > 0 else { return nil }
    self.nearer = Double(nearer) / Double(total)
    self.right = Double(right) / Double(total)
    self.kept = had > 0 ? Double(kept) / Double(had) : nil
  }
}
