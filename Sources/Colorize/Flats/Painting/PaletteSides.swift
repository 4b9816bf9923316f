// SPDX-License-Identifier: Apache-2.0

/// Which colours of a palette stand in the reference's figure and which in its ground, and where the drawing's figure is.
package struct PaletteSides: Sendable {
  /// One for each entry of the palette. An entry may belong to both sides.
  package let isFigure: [Bool]
  package let isGround: [Bool]
  /// The drawing's figure, of the drawing's aspect.
  let mask: Mask

  /// A region with less of its area on a side does not belong to that side.
  static let least = 0.25

  package init(isFigure: [Bool], isGround: [Bool], mask: Mask) {
    self.isFigure = isFigure
    self.isGround = isGround
    self.mask = mask
  }

  /// The share of each region that lies in the figure, 0...1.
  func figureShares(_ map: RegionMap) -> [Double] { Self.figureShares(map, mask: mask) }

  /// The share of each region that lies in the figure of a mask, 0...1.
  static func figureShares(_ map: RegionMap, mask: Mask) -> [Double] {
    var inside = [Int](repeating: 0, count: map.regions.count)
    for y in 0..<map.height {
      let row = y * mask.height / map.height * mask.width
      for x in 0..<map.width where mask.values[row + x * mask.width / map.width] >= 0.5 {
        inside[Int(map.labels[y * map.width + x])] += 1
      }
    }
    return zip(inside, map.regions).map { Double($0) / Double(max(1, $1.area)) }
  }
}
