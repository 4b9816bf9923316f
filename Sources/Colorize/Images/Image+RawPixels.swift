// SPDX-License-Identifier: Apache-2.0

extension Image {
  /// An image of raw pixels, as a program has them in a bitmap or a texture.
  ///
  /// The bytes are copied. Rows stand from the top; what lies between a row's last pixel and the next row is not read.
  ///
  /// - Parameters:
  ///   - bytesPerRow: from the start of a row to that of the next, at least `width` pixels.
  ///   - premultiplied: whether colours are multiplied by alpha; an image's are not, so they are divided, rounded. Means
  ///     nothing without alpha.
  ///   - bytes: at least up to the last pixel.
  /// - Throws: ``ImageError/invalidShape(reason:)`` if the numbers do not fit together,
  ///   ``ImageError/tooLarge(file:reason:)`` beyond the limits.
  public init(
    width: Int, height: Int, bytesPerRow: Int, format: PixelFormat, premultiplied: Bool = false,
    bytes: UnsafeRawBufferPointer
  ) throws(ImageError) {
    try format.check(width: width, height: height, bytesPerRow: bytesPerRow, count: bytes.count)
    let channels = format.bytesPerPixel
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * channels)
    for y in 0..<height {
      pixels.append(contentsOf: bytes[y * bytesPerRow..<y * bytesPerRow + width * channels])
    }
    if format.hasAlpha {
      for pixel in stride(from: 0, to: pixels.count, by: 4) {
        if format == .bgra8 { pixels.swapAt(pixel, pixel + 2) }
        guard premultiplied else { continue }
        let alpha = pixels[pixel + 3]
        for sample in pixel..<pixel + 3 { pixels[sample] = Self.divided(pixels[sample], by: alpha) }
      }
    }
    self.init(checkedWidth: width, height: height, channels: channels, pixels: pixels)
  }

  /// Copies the pixels into memory that a program gives, such as a bitmap's or a texture's.
  ///
  /// An image without alpha is opaque; one with alpha is composed over white where the format has none. Colours become
  /// their luma where the format is grey. What lies between a row's last pixel and the next row is left as it is.
  ///
  /// - Parameters:
  ///   - bytes: at least up to the last pixel.
  ///   - bytesPerRow: from the start of a row to that of the next, at least ``width`` pixels.
  ///   - premultiplied: whether to multiply colours by alpha, rounded.
  /// - Throws: ``ImageError/invalidShape(reason:)`` if the numbers do not fit together; then nothing was written.
  public func copy(
    to bytes: UnsafeMutableRawBufferPointer, bytesPerRow: Int, format: PixelFormat, premultiplied: Bool = false
  ) throws(ImageError) {
    try format.check(width: width, height: height, bytesPerRow: bytesPerRow, count: bytes.count)
    let source = format.hasAlpha ? self : format == .rgb8 ? composited() : channels == 4 ? composited().grey : grey
    let step = source.channels
    source.pixels.withUnsafeBufferPointer { samples in
      for y in 0..<height {
        var target = y * bytesPerRow
        for pixel in stride(from: y * width * step, to: (y + 1) * width * step, by: step) {
          if format.hasAlpha {
            let alpha = step == 4 ? samples[pixel + 3] : 255
            for channel in 0..<3 {
              let sample = samples[step == 1 ? pixel : pixel + channel]
              let place = format == .bgra8 ? 2 - channel : channel
              bytes[target + place] = premultiplied ? Self.blend(sample, over: 0, alpha: alpha) : sample
            }
            bytes[target + 3] = alpha
          } else {
            for channel in 0..<step { bytes[target + channel] = samples[pixel + channel] }
          }
          target += format.bytesPerPixel
        }
      }
    }
  }

  /// `round(255 c / a)`; 0 where nothing is seen. A colour above its alpha is none, and becomes the brightest.
  private static func divided(_ color: UInt8, by alpha: UInt8) -> UInt8 {
    guard alpha > 0 else { return 0 }
    return UInt8(min(255, (UInt32(color) * 510 + UInt32(alpha)) / (2 * UInt32(alpha))))
  }
}
