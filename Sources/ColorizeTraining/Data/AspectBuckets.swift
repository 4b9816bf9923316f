// SPDX-License-Identifier: Apache-2.0

import Colorize
import Glibc

/// The sizes that pictures of any aspect are trained at: of about one area, with sides that the network takes.
public struct AspectBuckets: Sendable, Hashable {
  /// The sizes, from the narrowest to the widest.
  public let sizes: [ImageSize]

  /// - Parameters:
  ///   - resolution: the side of the square.
  ///   - multiple: what sides are multiples of.
  ///   - limit: the longer side over the shorter one, at most.
  public init(resolution: Int, multiple: Int, limit: Double = 2) {
    var sizes: [ImageSize] = []
    let side = max(multiple, (resolution + multiple / 2) / multiple * multiple)
    for width in stride(from: multiple, through: 2 * side, by: multiple) {
      let height = Double(side * side) / Double(width)
      let size = ImageSize(
        width: width, height: max(multiple, Int((height / Double(multiple)).rounded()) * multiple))
      let aspect = Double(size.width) / Double(size.height)
      // Coarse multiples leave some aspects without a size of that area.
      let area = Double(size.width * size.height) / Double(side * side)
      guard aspect <= limit, aspect >= 1 / limit, (0.85...1.15).contains(area), sizes.last != size else { continue }
      sizes.append(size)
    }
    self.sizes = sizes.isEmpty ? [ImageSize(width: side, height: side)] : sizes
  }

  /// The size whose aspect is nearest to a picture's.
  public func size(for picture: ImageSize) -> ImageSize {
    let aspect = log(Double(picture.width) / Double(picture.height))
    func distance(_ size: ImageSize) -> Double { abs(log(Double(size.width) / Double(size.height)) - aspect) }
    return sizes.min { distance($0) < distance($1) } ?? sizes[0]
  }
}
