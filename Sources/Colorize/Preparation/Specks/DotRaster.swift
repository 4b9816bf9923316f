// SPDX-License-Identifier: Apache-2.0

/// Which of many dots are on a regular grid.
///
/// A dot is on one if its neighbours are: for two directions there is one on either side, at the same distance. Those along the
/// border of a dotted area, of which a part may be cut off, go with those beside them.
struct DotRaster {
  /// For each dot.
  let isDot: [Bool]
  var count: Int { isDot.count { $0 } }

  /// - Parameters:
  ///   - dots: Small parts.
  ///   - longest: Dots that are further apart are no raster.
  init(_ dots: [InkParts.Part], longest: Float) {
    var isDot = [Bool](repeating: false, count: dots.count)
    guard dots.count > 8 else {
      self.isDot = isDot
      return
    }
    var cells: [SIMD2<Int32>: [Int]] = [:]
    func cell(_ x: Float, _ y: Float) -> SIMD2<Int32> { SIMD2(Int32(x / longest), Int32(y / longest)) }
    for (index, dot) in dots.enumerated() { cells[cell(dot.x, dot.y), default: []].append(index) }
    func near(_ dot: InkParts.Part) -> [Int] {
      let center = cell(dot.x, dot.y)
      var found: [Int] = []
      for v in Int32(-1)...1 { for u in Int32(-1)...1 { found += cells[center &+ SIMD2(u, v)] ?? [] } }
      return found
    }
    var spacing = [Float](repeating: 0, count: dots.count)
    for (index, dot) in dots.enumerated() {
      var around: [(x: Float, y: Float, distance: Float)] = []
      for other in near(dot) where other != index {
        let (x, y) = (dots[other].x - dot.x, dots[other].y - dot.y)
        let distance = (x * x + y * y).squareRoot()
        // Of about the same size.
        guard distance < longest, abs(dots[other].size - dot.size) <= max(1, dot.size / 3) else { continue }
        around.append((x, y, distance))
      }
      guard let least = around.map(\.distance).min(), Float(dot.area).squareRoot() < 0.8 * least else { continue }
      let close = around.filter { $0.distance < 1.35 * least }
      guard close.count >= 3, close.count <= 8 else { continue }
      let tolerance = max(0.17 * least, 1.1)
      let pairs = close.filter { one in
        close.contains { abs($0.x + one.x) <= tolerance && abs($0.y + one.y) <= tolerance }
      }
      guard let first = pairs.first else { continue }
      let isPlane = pairs.contains { other in
        abs(first.x * other.y - first.y * other.x) > 0.6 * first.distance * other.distance
      }
      if isPlane {
        isDot[index] = true
        spacing[index] = least
      }
    }
    // Twice, as corners have but neighbours along the border.
    for _ in 0..<2 {
      var grown = isDot
      for (index, dot) in dots.enumerated() where !isDot[index] {
        for other in near(dot) where isDot[other] {
          let (x, y) = (dots[other].x - dot.x, dots[other].y - dot.y)
          guard (x * x + y * y).squareRoot() < 1.4 * spacing[other], dot.size <= dots[other].size + 1 else { continue }
          grown[index] = true
          spacing[index] = spacing[other]
          break
        }
      }
      isDot = grown
    }
    self.isDot = isDot
  }
}
