// SPDX-License-Identifier: Apache-2.0

import Colorize
import Glibc

/// What a region looks like, in units that a picture's size does not change.
package struct RegionShape: Sendable {
  /// In units of the picture's diagonal.
  let center: SIMD2<Float>
  /// The logarithm of the share of the picture.
  let logArea: Float
  /// How much longer than wide it is: 0 for a disc, 1 for a line.
  let elongation: Float
  /// Twice the angle of its longer axis, as a direction: an axis has no front.
  let axis: SIMD2<Float>
  /// How much of the ellipse with its moments it fills: 1 for a disc, less for what is bent or branched.
  let fullness: Float
  /// Whether it reaches the picture's edge, beyond which it goes on.
  let isCut: Bool
  let neighbors: [Neighbor]

  struct Neighbor: Sendable {
    let region: Int
    /// The share of the region's bounds.
    let share: Float
  }
}

/// The shapes of all regions of a drawing.
package struct RegionShapes: Sendable {
  package let map: RegionMap
  package let shapes: [RegionShape]
  let diagonal: Float

  package init(_ map: RegionMap) {
    self.map = map
    let diagonal = Float(map.width * map.width + map.height * map.height).squareRoot()
    self.diagonal = diagonal
    var sums = [(x: Double, y: Double, xx: Double, yy: Double, xy: Double)](
      repeating: (0, 0, 0, 0, 0), count: map.regions.count)
    for y in 0..<map.height {
      for x in 0..<map.width {
        let region = Int(map.labels[y * map.width + x])
        let (u, v) = (Double(x), Double(y))
        sums[region].x += u
        sums[region].y += v
        sums[region].xx += u * u
        sums[region].yy += v * v
        sums[region].xy += u * v
      }
    }
    shapes = zip(map.regions, sums).map { region, sum in
      let n = Double(region.area)
      let (mx, my) = (sum.x / n, sum.y / n)
      // A pixel is a square, so that no region is without extent.
      let (a, b, c) = (sum.xx / n - mx * mx + 1 / 12, sum.yy / n - my * my + 1 / 12, sum.xy / n - mx * my)
      let spread = ((a - b) * (a - b) + 4 * c * c).squareRoot()
      let (longer, shorter) = ((a + b + spread) / 2, max((a + b - spread) / 2, 1e-9))
      let elongation = 1 - (shorter / longer).squareRoot()
      let bounds = max(1, region.neighbors.reduce(0) { $0 + $1.length })
      let box = region.box
      return RegionShape(
        center: SIMD2(Float(mx) / diagonal, Float(my) / diagonal),
        logArea: Float(log(n / Double(map.width * map.height))), elongation: Float(elongation),
        axis: spread > 1e-9 ? SIMD2(Float((a - b) / spread), Float(2 * c / spread)) : SIMD2(0, 0),
        fullness: Float(n / (4 * .pi * (longer * shorter).squareRoot())),
        isCut: box.x == 0 || box.y == 0 || box.x + box.width == map.width || box.y + box.height == map.height,
        neighbors: region.neighbors.map { .init(region: $0.id, share: Float($0.length) / Float(bounds)) })
    }
  }

  /// The shapes as another drawing has them that this one lies in by a map.
  func moved(by map: AffineMap, into other: RegionShapes) -> [RegionShape] {
    let own = SIMD2(Double(self.map.width), Double(self.map.height))
    let size = SIMD2(Double(other.map.width), Double(other.map.height))
    let growth =
      abs(map.determinant) * (own.x * own.y) / (own.max() * own.max()) / (size.x * size.y) * size.max() * size.max()
    return shapes.map { shape in
      let pixel = SIMD2(Double(shape.center.x), Double(shape.center.y)) * Double(diagonal)
      let place = map(pixel: pixel + 0.5, of: own, in: size) - 0.5
      return RegionShape(
        center: SIMD2(Float(place.x), Float(place.y)) / other.diagonal,
        logArea: shape.logArea + Float(log(max(growth, 1e-9))), elongation: shape.elongation,
        axis: Self.turned(shape.axis, by: map), fullness: shape.fullness, isCut: shape.isCut, neighbors: shape.neighbors
      )
    }
  }

  /// A direction with twice the angle of an axis, when the axis is turned by a map.
  private static func turned(_ axis: SIMD2<Float>, by map: AffineMap) -> SIMD2<Float> {
    let length = (axis * axis).sum().squareRoot()
    guard length > 0 else { return axis }
    let angle = Double(atan2f(axis.y, axis.x)) / 2
    let way = cos(angle) * map.right + sin(angle) * map.down
    let turn = 2 * atan2(way.y, way.x)
    return SIMD2(Float(cos(turn)), Float(sin(turn))) * length
  }
}
