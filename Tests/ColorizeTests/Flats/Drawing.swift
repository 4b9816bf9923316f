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
