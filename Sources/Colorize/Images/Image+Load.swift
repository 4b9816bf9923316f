// SPDX-License-Identifier: Apache-2.0

extension Image {
  /// Reads a PNG or JPEG file, or one of a format that is registered.
  ///
  /// The content decides what it is, not the name. See ``init(data:file:)`` for what becomes of the pixels.
  ///
  /// - Throws: ``ImageError/notFound(file:)``, ``ImageError/unreadable(file:reason:)``, ``ImageError/empty(file:)``,
  ///   ``ImageError/tooLarge(file:reason:)`` beyond ``maximumFileSize``, and what ``init(data:file:)`` throws.
  public static func load(_ path: String) throws(ImageError) -> Image {
    try Image(data: try Image.bytes(ofFile: path), file: path)
  }

  /// Decodes a PNG or JPEG file held in memory, or one of a format that is registered.
  ///
  /// - PNG of every colour type, bit depth and interlacing becomes grey, RGB or RGBA of 8 bits: palettes are looked
  ///   up, transparent colours become alpha, 16 bits are rounded, fewer are scaled up to 0...255. Gamma is not applied, as
  ///   in the tools that made the networks' training images.
  /// - JPEG becomes grey or RGB; CMYK and YCCK are converted by `R = (1 - C)(1 - K)`. A file without its end marker is
  ///   read if all its pixels are there.
  /// - The orientation that a camera notes in EXIF data is applied, so the picture stands upright.
  /// - Colours are converted to sRGB from an ICC profile of grey or RGB; one that cannot be used is passed over, which
  ///   ``loadWithMetadata(_:)`` tells.
  ///
  /// - Parameters:
  ///   - data: The whole file.
  ///   - file: Its path, for the errors; nil if it has none.
  /// - Throws: ``ImageError/empty(file:)``, ``ImageError/unknownFormat(file:resembles:)``,
  ///   ``ImageError/corrupt(file:format:reason:)``, ``ImageError/truncated(file:format:reason:)`` (pixels
  ///   that are missing are never made up), ``ImageError/unsupported(file:format:reason:)``,
  ///   ``ImageError/tooLarge(file:reason:)``.
  public init(data: [UInt8], file: String? = nil) throws(ImageError) {
    self = try Self.decode(data, file: file).image
  }
}
