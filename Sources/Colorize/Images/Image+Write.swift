// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Image {
  /// The image as a PNG file, with its channels.
  ///
  /// - Parameter text: Entries to store with it. A value of printable Latin-1 becomes a tEXt chunk, any other an iTXt
  ///   chunk in UTF-8; ``PNGText/read(_:file:)`` gives both back.
  /// - Parameter resolution: How densely the pixels lie on paper; nil leaves that open.
  /// - Parameter bitsPerSample: 8, or 16 for programs that take nothing else: each sample is then `257 v`.
  /// - Throws: ``ImageError/invalidValue(reason:)`` for another number of bits, ``ImageError/invalidText(reason:)`` for an entry that the format does not allow,
  ///   ``ImageError/encodingFailed(format:reason:)``.
  public func pngData(
    text: [(key: String, value: String)] = [], resolution: ImageResolution? = nil, bitsPerSample: Int = 8
  ) throws(ImageError) -> [UInt8] {
    guard bitsPerSample == 8 || bitsPerSample == 16 else {
      throw .invalidValue(reason: "A sample of a PNG file has 8 or 16 bits, not \(bitsPerSample)")
    }
    guard text.count <= PNGText.maximumEntryCount else {
      throw .invalidText(
        reason: "\(text.count) PNG texts, where at most \(PNGText.maximumEntryCount) are written")
    }
    var entries: [PNGText.Entry] = []
    for (key, value) in text { entries.append(try PNGText.Entry(key: key, value: value)) }
    return try PNGCoding.encode(self, texts: entries, resolution: resolution, bitsPerSample: bitsPerSample)
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

  /// The image as a file of a format.
  ///
  /// - Throws: ``ImageError/encodingFailed(format:reason:)`` for a format that is not written,
  ///   ``ImageError/invalidValue(reason:)`` for options that it does not have, and what its codec throws.
  public func data(as format: ImageFormat, _ options: ImageEncoding = ImageEncoding()) throws(ImageError) -> [UInt8] {
    guard let codec = format.codec, codec.writes else {
      throw .encodingFailed(format: format, reason: "files of this format are not written")
    }
    guard codec.bitDepths.contains(options.bitsPerSample) else {
      throw .invalidValue(
        reason: "A sample of a \(format) file has \(codec.bitDepths.map(String.init).joined(separator: " or ")) bits, "
          + "not \(options.bitsPerSample)")
    }
    return try codec.encode(self, options)
  }

  /// Writes the image as PNG (`.png`), JPEG (`.jpg`, `.jpeg`) or in a format that is registered, by the extension of the
  /// path.
  ///
  /// The file is replaced in one step: if anything fails, what stood there before is still there.
  ///
  /// - Parameters:
  ///   - path: Where to. The folder must exist.
  ///   - text: Entries for a PNG file; other formats take none, and they are left out.
  ///   - quality: 1...100, for a JPEG file.
  ///   - resolution: How densely the pixels lie on paper; nil leaves that open.
  ///   - bitsPerSample: 8, or 16 in formats that have them.
  ///   - existing: What happens to a file that is there.
  /// - Throws: ``ImageError/unsupportedExtension(file:)``, ``ImageError/unwritable(file:reason:)``,
  ///   ``ImageError/fileExists(file:savedAs:)``, and what ``data(as:_:)`` throws.
  public func write(
    to path: String, text: [(key: String, value: String)] = [], quality: Int = 92,
    resolution: ImageResolution? = nil, bitsPerSample: Int = 8, existing: ExistingFilePolicy = .replace
  ) throws(ImageError) {
    let options = ImageEncoding(text: text, quality: quality, resolution: resolution, bitsPerSample: bitsPerSample)
    let data = try data(as: ImageFormat(pathExtensionOf: path), options)
    do {
      try AtomicFile.write(data, to: path, existing: existing)
    } catch {
      throw ImageError(error)
    }
  }
}
