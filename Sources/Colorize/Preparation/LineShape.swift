// SPDX-License-Identifier: Apache-2.0

/// Whether a drawing's thin structures are dark or light, whatever fills the areas between them.
struct LineShape {
  /// The weight of thin dark structures: what a closing fills.
  let dark: Double
  /// The weight of thin light structures: what an opening removes.
  let light: Double

  /// -1 (only thin light structures) ... 1 (only thin dark ones); 0 where there is neither.
  var balance: Double { dark + light > 0 ? (dark - light) / (dark + light) : 0 }

  /// The longer side that the shapes are looked at on, at most.
  private static let side = 512

  /// - Parameter luma: grey, of any size.
  init(_ luma: Image) {
    var small = luma
    let longer = max(luma.width, luma.height)
    if longer > Self.side {
      func scaled(_ extent: Int) -> Int { max(1, extent * Self.side / longer) }
      small = (try? luma.resized(width: scaled(luma.width), height: scaled(luma.height))) ?? luma
    }
    let plane = BytePlane(small)
    // What is narrower than one part in 64 of the drawing is thin.
    let radius = max(2, max(plane.width, plane.height) / 128)
    let closed = plane.extreme(radius, >).extreme(radius, <)
    let opened = plane.extreme(radius, <).extreme(radius, >)
    dark = Self.weight(zip(closed.values, plane.values).map { $0 - $1 })
    light = Self.weight(zip(plane.values, opened.values).map { $0 - $1 })
  }

  /// The sum of the differences, without those that the grain of the paper makes.
  private static func weight(_ differences: [UInt8]) -> Double {
    var counts = [Int](repeating: 0, count: 256)
    for difference in differences { counts[Int(difference)] += 1 }
    var (sum, median) = (0, 0)
    while median < 255, (sum + counts[median]) * 2 < differences.count {
      sum += counts[median]
      median += 1
    }
    let floor = 2 * median + 6
    guard floor < 255 else { return 0 }
    return (floor + 1...255).reduce(0) { $0 + Double(counts[$1]) * Double($1 - median) }
  }
}

/// A plane of bytes with square minima and maxima.
struct BytePlane {
  let width: Int
  let height: Int
  let values: [UInt8]

  /// - Parameter image: grey.
  init(_ image: Image) { self.init(width: image.width, height: image.height, values: image.grey.pixels) }

  init(width: Int, height: Int, values: [UInt8]) {
    (self.width, self.height, self.values) = (width, height, values)
  }

  /// The extreme of the square of that radius around each pixel; beyond the edge there is nothing.
  func extreme(_ radius: Int, _ wins: (UInt8, UInt8) -> Bool) -> BytePlane {
    var along = values
    var across = values
    for y in 0..<height {
      for x in 0..<width {
        var best = values[y * width + x]
        for other in max(0, x - radius)...min(width - 1, x + radius) {
          let value = values[y * width + other]
          if wins(value, best) { best = value }
        }
        along[y * width + x] = best
      }
    }
    for y in 0..<height {
      for x in 0..<width {
        var best = along[y * width + x]
        for other in max(0, y - radius)...min(height - 1, y + radius) {
          let value = along[other * width + x]
          if wins(value, best) { best = value }
        }
        across[y * width + x] = best
      }
    }
    return BytePlane(width: width, height: height, values: across)
  }
}
