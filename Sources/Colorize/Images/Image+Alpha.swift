// SPDX-License-Identifier: Apache-2.0

extension Image {
  /// The image cut out as another one is: with that one's alpha, scaled to the size of this.
  ///
  /// - Throws: ``ImageError/noTransparency(reason:)`` for an image that has no alpha, or is opaque everywhere.
  public func withAlpha(of cutOut: Image) throws(ImageError) -> Image {
    let mask = try Mask(alphaOf: cutOut).resized(width: width, height: height).image
    let colors = channels == 3 ? self : composited()
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * 4)
    for index in 0..<width * height {
      pixels.append(contentsOf: colors.pixels[index * 3..<index * 3 + 3])
      pixels.append(mask.pixels[index])
    }
    return Image(checkedWidth: width, height: height, channels: 4, pixels: pixels)
  }
}
