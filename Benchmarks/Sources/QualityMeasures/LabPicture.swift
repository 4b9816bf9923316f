// SPDX-License-Identifier: Apache-2.0

import Colorize

/// A picture's colours in CIELAB.
public struct LabPicture: Sendable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// `[height, width]`, row-major.
  public let colors: [Lab]

  /// The colours of an image; transparency is composed over white.
  public init(_ image: Image) {
    let rgb = image.composited().pixels
    width = image.width
    height = image.height
    // Flat art has few colours, and neighbours are mostly alike.
    var known: [RGB: Lab] = [:]
    var (last, lastLab) = (RGB.white, Lab(.white))
    colors = (0..<image.width * image.height).map { pixel in
      let color = RGB(rgb[pixel * 3], rgb[pixel * 3 + 1], rgb[pixel * 3 + 2])
      if color == last { return lastLab }
      let lab = known[color] ?? Lab(color)
      known[color] = lab
      (last, lastLab) = (color, lab)
      return lab
    }
  }
}
