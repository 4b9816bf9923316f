// SPDX-License-Identifier: Apache-2.0

/// Sums over rectangles of a plane.
struct SummedArea {
  private let width: Int
  private let height: Int
  private let sums: [Double]

  init(width: Int, height: Int, _ value: (Int) -> Float) {
    (self.width, self.height) = (width, height)
    var sums = [Double](repeating: 0, count: (width + 1) * (height + 1))
    for y in 0..<height {
      var row = 0.0
      for x in 0..<width {
        row += Double(value(y * width + x))
        sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row
      }
    }
    self.sums = sums
  }

  /// The columns and rows of the square around a place that are within the plane.
  private func square(around index: Int, radius: Int) -> (left: Int, right: Int, top: Int, bottom: Int) {
    let (x, y) = (index % width, index / width)
    return (max(0, x - radius), min(width, x + radius + 1), max(0, y - radius), min(height, y + radius + 1))
  }

  /// How many places of the square around a place are within the plane.
  func count(around index: Int, radius: Int) -> Int {
    let (left, right, top, bottom) = square(around: index, radius: radius)
    return (right - left) * (bottom - top)
  }

  /// The sum over the square around a place.
  func sum(around index: Int, radius: Int) -> Float {
    let (left, right, top, bottom) = square(around: index, radius: radius)
    func at(_ column: Int, _ row: Int) -> Double { sums[row * (width + 1) + column] }
    return Float(at(right, bottom) - at(left, bottom) - at(right, top) + at(left, top))
  }
}
