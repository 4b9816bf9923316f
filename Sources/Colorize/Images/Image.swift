// SPDX-License-Identifier: Apache-2.0

/// An image of 8 bits a sample: grey, RGB or RGBA.
///
/// Samples are sRGB. Alpha is straight (not premultiplied).
public struct Image: Sendable, Hashable {
  /// The longest side of an image, in pixels.
  public static let maximumSide = 16_384
  /// The most pixels of an image: 64 Mi.
  public static let maximumPixelCount = 64 << 20
  /// The largest file that is read, in bytes: 512 MiB.
  public static let maximumFileSize = 512 << 20

  /// Pixels in a row: 1 ... ``maximumSide``.
  public let width: Int
  /// Rows: 1 ... ``maximumSide``.
  public let height: Int
  /// Samples of a pixel: 1 (grey), 3 (RGB) or 4 (RGBA).
  public let channels: Int
  /// `width * height * channels` samples: rows from the top, pixels from the left, channels interleaved.
  public let pixels: [UInt8]

  /// An image of the given samples.
  ///
  /// - Parameter pixels: `width * height * channels` samples, row-major and interleaved.
  /// - Throws: ``ImageError/invalidShape(reason:)`` if the numbers do not fit together,
  ///   ``ImageError/tooLarge(file:reason:)`` beyond the limits.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) throws(ImageError) {
    try Self.check(width: width, height: height, channels: channels, count: pixels.count)
    self.init(checkedWidth: width, height: height, channels: channels, pixels: pixels)
  }

  /// An image of 16-bit samples, each rounded to 8 bits: `round(v * 255 / 65535)`.
  ///
  /// - Parameter pixels16: `width * height * channels` samples, row-major and interleaved.
  /// - Throws: As ``init(width:height:channels:pixels:)``.
  public init(width: Int, height: Int, channels: Int, pixels16: [UInt16]) throws(ImageError) {
    try Self.check(width: width, height: height, channels: channels, count: pixels16.count)
    // 65535 = 255 * 257, so the exact quotient is v / 257, and half of the odd 257 is never hit.
    let pixels = pixels16.map { UInt8((UInt32($0) + 128) / 257) }
    self.init(checkedWidth: width, height: height, channels: channels, pixels: pixels)
  }

  /// An image of one colour.
  ///
  /// - Parameter color: One, three or four samples: their number is the number of channels.
  /// - Throws: As ``init(width:height:channels:pixels:)``.
  public init(width: Int, height: Int, color: [UInt8]) throws(ImageError) {
    try Self.check(width: width, height: height, channels: color.count, count: nil)
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * color.count) { buffer, count in
      count = width * height * color.count
      for index in 0..<count { buffer[index] = color[index % color.count] }
    }
    self.init(checkedWidth: width, height: height, channels: color.count, pixels: pixels)
  }

  /// For callers inside the module that made the samples themselves.
  init(checkedWidth width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    assert(pixels.count == width * height * channels)
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// The one door for sizes: everything that makes an image comes through here, before it allocates.
  static func check(width: Int, height: Int, channels: Int, count: Int?) throws(ImageError) {
    guard [1, 3, 4].contains(channels) else {
      throw .invalidShape(reason: "An image has 1, 3 or 4 channels, not \(channels)")
    }
    try checkSize(width: width, height: height, file: nil)
    if let count, count != width * height * channels {
      throw .invalidShape(
        reason: "\(width) x \(height) pixels of \(channels) channels need \(width * height * channels) values, "
          + "not \(count)")
    }
  }

  /// Checks a size against the limits.
  package static func checkSize(width: Int, height: Int, file: String?) throws(ImageError) {
    guard width > 0, height > 0 else {
      throw .invalidShape(reason: "An image has at least one pixel, not \(width) x \(height)")
    }
    guard width <= maximumSide, height <= maximumSide else {
      throw .tooLarge(
        file: file, reason: "\(width) x \(height) pixels, where a side has at most \(maximumSide)")
    }
    guard width * height <= maximumPixelCount else {
      throw .tooLarge(
        file: file, reason: "\(width) x \(height) pixels, where an image has at most \(maximumPixelCount)")
    }
  }
}
