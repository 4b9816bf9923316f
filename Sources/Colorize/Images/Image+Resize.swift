// SPDX-License-Identifier: Apache-2.0

extension Image {
  /// The image at another size: bicubic (Catmull-Rom), antialiased where it shrinks, edges clamped.
  ///
  /// Samples are rounded to the nearest and clamped. Colours are weighted by their alpha, so that what a transparent
  /// pixel hides does not bleed into its neighbours; where the result is fully transparent, its colour is black.
  /// Along an axis that keeps its length nothing changes.
  ///
  /// - Throws: ``ImageError/invalidShape(reason:)`` for a size below 1 x 1, ``ImageError/tooLarge(file:reason:)``
  ///   beyond the limits.
  public func resized(width newWidth: Int, height newHeight: Int) throws(ImageError) -> Image {
    try Self.checkSize(width: newWidth, height: newHeight, file: nil)
    guard newWidth != width || newHeight != height else { return self }
    let resampler = Resampler(from: (width, height), to: (newWidth, newHeight))
    let rowCount = width * channels
    var resized: [UInt8] = []
    resized.reserveCapacity(newWidth * newHeight * channels)
    resampler.run(channels: channels) { row, target in
      pixels.withUnsafeBufferPointer { source in
        target.withUnsafeMutableBufferPointer { target in
          for index in 0..<rowCount { target[index] = Float(source[row * rowCount + index]) }
          if channels == 4 { Self.premultiply(target) }
        }
      }
    } emit: { _, values in
      if channels == 4 {
        Self.appendStraight(values, to: &resized)
      } else {
        resized.append(contentsOf: values.lazy.map(Self.rounded))
      }
    }
    return Image(checkedWidth: newWidth, height: newHeight, channels: channels, pixels: resized)
  }

  /// The same for a size.
  func resized(_ size: ImageSize) throws(ImageError) -> Image {
    try resized(width: size.width, height: size.height)
  }

  private static func premultiply(_ row: UnsafeMutableBufferPointer<Float>) {
    for pixel in stride(from: 0, to: row.count, by: 4) {
      let alpha = row[pixel + 3] / 255
      row[pixel] *= alpha
      row[pixel + 1] *= alpha
      row[pixel + 2] *= alpha
    }
  }

  private static func appendStraight(_ row: [Float], to pixels: inout [UInt8]) {
    for pixel in stride(from: 0, to: row.count, by: 4) {
      let alpha = rounded(row[pixel + 3])
      // Divided by the alpha before rounding; overshoot of the kernel may have made it larger than 255.
      let scale = alpha == 0 ? 0 : 255 / row[pixel + 3]
      for channel in 0..<3 { pixels.append(rounded(row[pixel + channel] * scale)) }
      pixels.append(alpha)
    }
  }

  private static func rounded(_ value: Float) -> UInt8 {
    UInt8(min(max(value.rounded(), 0), 255))
  }
}
