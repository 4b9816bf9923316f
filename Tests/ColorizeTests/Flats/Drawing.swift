// SPDX-License-Identifier: Apache-2.0

import Colorize

/// A small drawing made of strokes, without antialiasing.
struct Drawing {
  let width: Int
  let height: Int
  private(set) var pixels: [UInt8]

  init(_ width: Int, _ height: Int, paper: RGB = .white) {
    self.width = width
    self.height = height
    pixels = (0..<width * height).flatMap { _ in [paper.red, paper.green, paper.blue] }
  }

  var image: Image {
    get throws { try Image(width: width, height: height, channels: 3, pixels: pixels) }
  }

  mutating func set(_ x: Int, _ y: Int, _ color: RGB = .black) {
    guard x >= 0, y >= 0, x < width, y < height else { return }
    let start = (y * width + x) * 3
    (pixels[start], pixels[start + 1], pixels[start + 2]) = (color.red, color.green, color.blue)
  }

  mutating func fill(x: Range<Int>, y: Range<Int>, _ color: RGB = .black) {
    for row in y { for column in x { set(column, row, color) } }
  }

  /// The outline of a box, two pixels wide to the inside.
  mutating func box(x: Range<Int>, y: Range<Int>, _ color: RGB = .black, line: Int = 2) {
    fill(x: x, y: y.lowerBound..<y.lowerBound + line, color)
    fill(x: x, y: y.upperBound - line..<y.upperBound, color)
    fill(x: x.lowerBound..<x.lowerBound + line, y: y, color)
    fill(x: x.upperBound - line..<x.upperBound, y: y, color)
  }
}

/// A generator of known numbers (Steele, Lea and Flood 2014).
struct KnownNumbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
