// SPDX-License-Identifier: Apache-2.0

/// Lines on transparent paper are told from figures that are cut out by what of them is wider than lines.
extension Image {
  /// Less of what is seen in areas than this is no area but a blot.
  private static let leastArea = 0.2

  /// Whether what is opaque are lines on transparent paper, and no figure that is cut out. False without transparency.
  package var hasAlphaOfLines: Bool {
    hasTransparency && areaShare { _, _, _ in true } < Self.leastArea
  }

  /// Whether a good part of what is opaque is paper: white, or nearly so, and wider than a line.
  ///
  /// - Parameter isLight: of light lines, whose paper is dark.
  func hasOwnPaper(isLight: Bool) -> Bool {
    let flip: UInt8 = isLight ? 255 : 0
    return areaShare { min($0 ^ flip, $1 ^ flip, $2 ^ flip) >= 160 } >= Self.leastArea
  }

  /// The share of the visible pixels that lie in the middle of opaque areas of some colours, which are wider than lines.
  private func areaShare(where isMeant: (_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Bool) -> Double {
    guard channels == 4 else { return 1 }
    let reach = max(3, max(width, height) / 100)
    var (visible, inside) = (0, 0)
    pixels.withUnsafeBufferPointer { source in
      func isArea(_ pixel: Int) -> Bool {
        source[pixel * 4 + 3] >= 128 && isMeant(source[pixel * 4], source[pixel * 4 + 1], source[pixel * 4 + 2])
      }
      for y in 0..<height {
        for x in 0..<width {
          let pixel = y * width + x
          guard source[pixel * 4 + 3] >= 16 else { continue }
          visible += 1
          // The picture's edge cuts areas off, and says nothing of their width.
          if isArea(pixel), x < reach || isArea(pixel - reach), x + reach >= width || isArea(pixel + reach),
            y < reach || isArea(pixel - reach * width), y + reach >= height || isArea(pixel + reach * width)
          {
            inside += 1
          }
        }
      }
    }
    return visible > 0 ? Double(inside) / Double(visible) : 0
  }
}
