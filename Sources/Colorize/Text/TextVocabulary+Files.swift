// SPDX-License-Identifier: Apache-2.0

import CTextData
import CZlib
import DiffusionCore

extension TextVocabulary {
  /// CLIP's vocabulary, which is part of the library.
  static let published: Result<TextVocabulary, TextVocabularyError> = {
    var size = 0
    let start = irodori_text_vocabulary(&size)
    return Result { () throws(TextVocabularyError) in
      try TextVocabulary(packed: Array(UnsafeBufferPointer(start: start, count: size)), name: "the built-in vocabulary")
    }
  }()

  /// The file that ``published`` is read from, as OpenAI has published it.
  package static var publishedFile: [UInt8] {
    var size = 0
    let start = irodori_text_vocabulary(&size)
    return Array(UnsafeBufferPointer(start: start, count: size))
  }

  /// Reads a vocabulary from a file, compressed by gzip or not.
  ///
  /// - Parameter count: how many ids the model has; nil for as many as there are.
  /// - Throws: ``TextVocabularyError``.
  public init(path: String, count: Int? = nil) throws(TextVocabularyError) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileReader.bytes(of: path, limit: Self.maximumByteCount)
    } catch {
      let reason =
        switch error {
        case .notFound: "there is no such file"
        case .unreadable(_, let reason): "it cannot be read: \(reason)"
        case .empty: "it is empty"
        case .tooLarge: "it is larger than \(Self.maximumByteCount >> 20) MiB"
        }
      throw TextVocabularyError(file: path, reason: reason)
    }
    try self.init(packed: bytes, count: count, name: path)
  }

  /// Reads a vocabulary from the content of a file, compressed by gzip or not.
  package init(packed bytes: [UInt8], count: Int? = nil, name: String) throws(TextVocabularyError) {
    guard bytes.starts(with: [0x1F, 0x8B]) else {
      try self.init(bytes, count: count, name: name)
      return
    }
    guard let text = Self.inflated(bytes) else {
      throw TextVocabularyError(
        file: name, reason: "it is damaged, or larger than \(Self.maximumByteCount >> 20) MiB when unpacked")
    }
    try self.init(text, count: count, name: name)
  }

  /// The content of a gzip file of one member; nil for what is none, and for too much of it.
  private static func inflated(_ packed: [UInt8]) -> [UInt8]? {
    var stream = z_stream()
    // 16: with gzip's header and checksum.
    guard inflateInit2_(&stream, MAX_WBITS + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      return nil
    }
    defer { inflateEnd(&stream) }
    var input = packed
    var result: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    return input.withUnsafeMutableBufferPointer { input -> [UInt8]? in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(clamping: input.count)
      while true {
        let status = piece.withUnsafeMutableBufferPointer { piece in
          stream.next_out = piece.baseAddress
          stream.avail_out = UInt32(piece.count)
          return inflate(&stream, Z_NO_FLUSH)
        }
        guard status == Z_OK || status == Z_STREAM_END else { return nil }
        result += piece.prefix(piece.count - Int(stream.avail_out))
        guard result.count <= maximumByteCount else { return nil }
        if status == Z_STREAM_END { return result }
      }
    }
  }
}
