// SPDX-License-Identifier: Apache-2.0

/// The size of a picture or a mask, in pixels.
public struct ImageSize: Sendable, Hashable, CustomStringConvertible {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int

  /// A size.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// Such as "640 x 480".
  public var description: String { "\(width) x \(height)" }

  /// Whether a plane of this size shows what one of another size shows, at another scale.
  ///
  /// The aspects may differ by 1%, and by a pixel that rounding costs where the plane is small.
  func hasAspect(of other: ImageSize) -> Bool {
    /// Whether a side is what the other side makes of it.
    func fits(_ side: Int, _ expected: Double) -> Bool { abs(Double(side) - expected) <= 1 + expected / 100 }
    let aspect = Double(other.width) / Double(other.height)
    return fits(width, Double(height) * aspect) || fits(height, Double(width) / aspect)
  }
}

extension Image {
  /// The width and the height.
  public var size: ImageSize { ImageSize(width: width, height: height) }
}

extension Mask {
  /// The width and the height.
  public var size: ImageSize { ImageSize(width: width, height: height) }
}
