// SPDX-License-Identifier: Apache-2.0

import Colorize

/// Pictures in rows, each scaled into a square, on white.
struct ContactSheet {
  /// Pixels of a square's side.
  let side: Int
  private var rows: [[Image]] = []

  init(side: Int) { self.side = side }

  /// Adds a row.
  mutating func add(_ images: [Image]) throws {
    rows.append(
      try images.map { image in
        let scale = Double(side) / Double(max(image.width, image.height))
        func length(_ pixels: Int) -> Int { min(side, max(1, Int((Double(pixels) * scale).rounded()))) }
        return try image.composited().resized(width: length(image.width), height: length(image.height))
      })
  }

  /// The whole sheet.
  func image() throws -> Image {
    let columns = rows.map(\.count).max() ?? 1
    let (width, height) = (columns * side, max(1, rows.count) * side)
    var pixels = [UInt8](repeating: 255, count: width * height * 3)
    for (row, images) in rows.enumerated() {
      for (column, image) in images.enumerated() {
        for y in 0..<image.height {
          let target = ((row * side + y) * width + column * side) * 3
          let source = y * image.width * 3
          pixels.replaceSubrange(
            target..<target + image.width * 3, with: image.pixels[source..<source + image.width * 3])
        }
      }
    }
    return try Image(width: width, height: height, channels: 3, pixels: pixels)
  }
}
