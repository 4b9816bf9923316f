// SPDX-License-Identifier: Apache-2.0

import Colorize

/// A layer as it was found in a file, of either format.
struct ReadLayer {
  var name = ""
  var x = 0
  var y = 0
  var width = 0
  var height = 0
  /// Straight RGBA.
  var pixels: [UInt8] = []
  var opacity: UInt8 = 0
  /// The file's own word.
  var mode = ""
  var isVisible = true
  var isLocked = false
  /// Nil for a layer of pixels; the lowest first.
  var children: [ReadLayer]?

  /// The pixel at a place of the canvas; transparent outside.
  func pixel(_ column: Int, _ row: Int) -> [UInt8] {
    guard (x..<x + width).contains(column), (y..<y + height).contains(row) else { return [0, 0, 0, 0] }
    let start = ((row - y) * width + column - x) * 4
    return Array(pixels[start..<start + 4])
  }
}
