// SPDX-License-Identifier: Apache-2.0

extension Image {
  /// The image with lines laid over it: each sample is `round(c * l / 255)`.
  ///
  /// A network draws the lines anew, and not quite as they were. This keeps the artist's own, and is recommended for
  /// results that go on into production:
  ///
  /// ```swift
  /// let finished = try result.image.multiplied(by: sketch)
  /// ```
  ///
  /// The lines are dark on light or transparent paper; transparency counts as white, which changes nothing. The result
  /// has the image's alpha, and colours if either has.
  ///
  /// - Parameter lines: of the same size, as the sketch is with ``ColorizeRequest/Frame/sketch``.
  /// - Throws: ``ImageError/invalidShape(reason:)`` for lines of another size.
  public func multiplied(by lines: Image) throws(ImageError) -> Image {
    guard lines.size == size else {
      throw .invalidShape(reason: "The lines are of \(lines.size) pixels, the image of \(size); both must be the same")
    }
    let isGrey = channels == 1 && lines.channels == 1
    let ink = isGrey ? lines : lines.composited()
    // Grey under coloured lines becomes RGB, and RGB and RGBA stay what they are.
    var pixels = channels == 1 && !isGrey ? composited().pixels : self.pixels
    let step = isGrey ? 1 : max(channels, 3)
    for (index, pixel) in stride(from: 0, to: pixels.count, by: step).enumerated() {
      for channel in 0..<min(step, 3) {
        let line = ink.pixels[index * ink.channels + channel]
        // Over black, opacity is a factor.
        pixels[pixel + channel] = Self.blend(pixels[pixel + channel], over: 0, alpha: line)
      }
    }
    return Image(checkedWidth: width, height: height, channels: step, pixels: pixels)
  }
}
