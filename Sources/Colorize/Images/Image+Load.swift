extension Image {
  /// Reads a PNG or JPEG file.
  ///
  /// The content decides what it is, not the name. See ``init(data:file:)`` for what becomes of the pixels.
  ///
  /// - Throws: ``ImageError/notFound(file:)``, ``ImageError/unreadable(file:reason:)``, ``ImageError/empty(file:)``,
  ///   ``ImageError/tooLarge(file:reason:)`` beyond ``maximumFileSize``, and what ``init(data:file:)`` throws.
  public static func load(_ path: String) throws(ImageError) -> Image {
    try Image(data: try ImageFileReader.bytes(of: path), file: path)
  }

  /// Decodes a PNG or JPEG file held in memory.
  ///
  /// - PNG of every colour type, bit depth and interlacing becomes grey, RGB or RGBA of 8 bits: palettes are looked
  ///   up, transparent colours become alpha, 16 bits are rounded, fewer are scaled up to 0...255. Samples pass as they
  ///   stand in the file: gamma and colour profiles are not applied, as in the tools that made the networks' training
  ///   images.
  /// - JPEG becomes grey or RGB; CMYK and YCCK are converted by `R = (1 - C)(1 - K)`. The orientation that a camera
  ///   notes in the EXIF data is applied, so the picture stands upright.
  ///
  /// - Parameters:
  ///   - data: The whole file.
  ///   - file: Its path, for the errors; nil if it has none.
  /// - Throws: ``ImageError/empty(file:)``, ``ImageError/unknownFormat(file:resembles:)``,
  ///   ``ImageError/corrupt(file:format:reason:)``, ``ImageError/truncated(file:format:reason:)`` (a file that ends
  ///   early is never filled up with grey), ``ImageError/tooLarge(file:reason:)``.
  public init(data: [UInt8], file: String? = nil) throws(ImageError) {
    switch try ImageFormat(sniffing: data, file: file) {
    case .png:
      self = try PNGCoding.decode(data, file: file)
    case .jpeg:
      self = try JPEGCoding.decode(data, file: file).oriented(EXIFOrientation(jpeg: data))
    }
  }
}
