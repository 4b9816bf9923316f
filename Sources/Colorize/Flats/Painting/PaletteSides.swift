// SPDX-License-Identifier: Apache-2.0

/// Which colours of a palette belong to which part of the drawing: to its figure and its ground, to the areas of several
/// references, or to both sides of each area.
package struct PaletteSides: Sendable {
  /// For each part, whether each entry of the palette is one of its colours. An entry may belong to several parts; what
  /// belongs to none may be of any.
  let parts: [[Bool]]
  /// The drawing's figure, of the drawing's aspect; nil where sides are not told apart. With it, each area has two parts
  /// one after another: its figure and its ground.
  let mask: Mask?
  /// The areas; nil for one.
  let areas: ReferenceAreas?

  /// A region with less of its area in a part does not belong to it.
  static let least = 0.25

  /// The sides of a drawing of one area.
  ///
  /// - Parameters:
  ///   - isFigure: one for each entry of the palette.
  ///   - isGround: the same.
  package init(isFigure: [Bool], isGround: [Bool], mask: Mask) {
    self.init(parts: [isFigure, isGround], mask: mask, areas: nil)
  }

  init(parts: [[Bool]], mask: Mask?, areas: ReferenceAreas?) {
    self.parts = parts
    self.mask = mask
    self.areas = areas
  }

  /// Whether each entry is one of the figure's.
  package var isFigure: [Bool] { parts[0] }
  /// Whether each entry is one of the ground's.
  package var isGround: [Bool] { parts[1] }

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

  /// The parts that each region belongs to.
  func parts(of map: RegionMap) -> [[Int]] {
    let sides = mask == nil ? 1 : 2
    var counts = [Int](repeating: 0, count: map.regions.count * parts.count)
    for y in 0..<map.height {
      for x in 0..<map.width {
        var part = (areas?.area(x: x, y: y, width: map.width, height: map.height) ?? 0) * sides
        if let mask, mask.values[y * mask.height / map.height * mask.width + x * mask.width / map.width] < 0.5 {
          part += 1
        }
        counts[Int(map.labels[y * map.width + x]) * parts.count + part] += 1
      }
    }
    return map.regions.map { region in
      let limit = Self.least * Double(max(1, region.area))
      let own = counts[region.id * parts.count..<(region.id + 1) * parts.count]
      return parts.indices.filter { part in
        let count = Double(own[own.startIndex + part])
        // Where just so much is ground, the region is figure.
        return part % sides == 0 ? count >= limit : count > limit
      }
    }
  }

  /// The entries that a region of some parts may have: theirs, and those of no part. All where there are none.
  func candidates(of chosen: [Int]) -> [Int] {
    guard let count = parts.first?.count else { return [] }
    let allowed = (0..<count).filter { entry in
      chosen.contains { parts[$0][entry] } || !parts.contains { $0[entry] }
    }
    return allowed.isEmpty ? Array(0..<count) : allowed
  }
}
