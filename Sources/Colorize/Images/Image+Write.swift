import DiffusionCore

extension Image {
  /// The image as a PNG file of 8 bits a sample, with its channels.
  ///
  /// - Parameter text: Entries to store with it. A value of printable Latin-1 becomes a tEXt chunk, any other an iTXt
  ///   chunk in UTF-8; ``PNGText/read(_:file:)`` gives both back.
  /// - Parameter resolution: How densely the pixels lie on paper; nil leaves that open.
  /// - Throws: ``ImageError/invalidText(reason:)`` for an entry that the format does not allow,
  ///   ``ImageError/encodingFailed(format:reason:)``.
  public func pngData(
    text: [(key: String, value: String)] = [], resolution: ImageResolution? = nil
  ) throws(ImageError) -> [UInt8] {
    guard text.count <= PNGText.maximumEntryCount else {
      throw .invalidText(
        reason: "\(text.count) PNG texts, where at most \(PNGText.maximumEntryCount) are written")
    }
    var entries: [PNGText.Entry] = []
    for (key, value) in text { entries.append(try PNGText.Entry(key: key, value: value)) }
    return try PNGCoding.encode(self, texts: entries, resolution: resolution)
  }

  /// The image as a JPEG file, grey or RGB, without chroma subsampling (it would blur coloured lines).
  ///
  /// - Parameters:
  ///   - quality: 1 (smallest) ... 100 (best).
  ///   - background: What transparency is composed over, as JPEG has none.
  ///   - resolution: How densely the pixels lie on paper; nil leaves that open.
  /// - Throws: ``ImageError/invalidValue(reason:)`` for another quality,
  ///   ``ImageError/encodingFailed(format:reason:)``.
  public func jpegData(
    quality: Int = 92, background: (UInt8, UInt8, UInt8) = (255, 255, 255), resolution: ImageResolution? = nil
  ) throws(ImageError) -> [UInt8] {
    guard (1...100).contains(quality) else {
      throw .invalidValue(reason: "The JPEG quality is 1 to 100, not \(quality)")
    }
    return try JPEGCoding.encode(
      channels == 4 ? composited(over: background) : self, quality: quality, resolution: resolution)
  }

  /// Writes the image as PNG (`.png`) or JPEG (`.jpg`, `.jpeg`), by the extension of the path.
  ///
  /// The file is replaced in one step: if anything fails, what stood there before is still there.
  ///
  /// - Parameters:
  ///   - path: Where to. The folder must exist.
  ///   - text: Entries for a PNG file; a JPEG file takes none, and they are left out.
  ///   - quality: 1...100, for a JPEG file.
  ///   - resolution: How densely the pixels lie on paper; nil leaves that open.
  /// - Throws: ``ImageError/unsupportedExtension(file:)``, ``ImageError/unwritable(file:reason:)``, and what
  ///   ``pngData(text:)`` and ``jpegData(quality:background:)`` throw.
  public func write(
    to path: String, text: [(key: String, value: String)] = [], quality: Int = 92,
    resolution: ImageResolution? = nil
  ) throws(ImageError) {
    let data =
      switch try ImageFormat(pathExtensionOf: path) {
      case .png: try pngData(text: text, resolution: resolution)
      case .jpeg: try jpegData(quality: quality, resolution: resolution)
      }
    do {
      try AtomicFile.write(data, to: path)
    } catch {
      throw ImageError(error)
    }
  }
}
