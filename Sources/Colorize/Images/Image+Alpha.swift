// SPDX-License-Identifier: Apache-2.0

extension Image {
  /// The image cut out as another one is: with that one's alpha, scaled to the size of this.
  ///
  /// - Throws: ``ImageError/noTransparency(reason:)`` for an image that has no alpha, or is opaque everywhere.
  public func withAlpha(of cutOut: Image) throws(ImageError) -> Image {
    let mask = try Mask(alphaOf: cutOut).resized(width: width, height: height).image
    return withAlpha { mask.pixels[$0] }
  }

  /// The image without what a mask leaves out (below 0.5): transparent there, and where it was.
  ///
  /// - Parameter inverted: leaves out what the mask shows instead.
  func cutOut(by mask: Mask, inverted: Bool = false) throws(ImageError) -> Image {
    let mask = try mask.resized(width: width, height: height)
    let alpha = alpha
    return withAlpha { (mask.values[$0] >= 0.5) != inverted ? alpha?.pixels[$0] ?? 255 : 0 }
  }

  /// The image over white, with an alpha channel of its own.
  ///
  /// - Parameter alpha: that of the pixel of a number, row after row.
  func withAlpha(_ alpha: (_ pixel: Int) -> UInt8) -> Image {
    let colors = composited()
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 4) { target, count in
      for pixel in 0..<width * height {
        for channel in 0..<3 { target[pixel * 4 + channel] = colors.pixels[pixel * 3 + channel] }
        target[pixel * 4 + 3] = alpha(pixel)
      }
      count = width * height * 4
    }
    return Image(checkedWidth: width, height: height, channels: 4, pixels: pixels)
  }
}
