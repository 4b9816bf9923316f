// SPDX-License-Identifier: Apache-2.0

import CPNGIO

/// The text entries of PNG files: keys with values, such as the settings that made an image.
public enum PNGText {
  /// The longest value that is written, in bytes of its encoding. Readers refuse chunks not much longer.
  public static let maximumValueSize = 4 << 20
  /// The most entries of a file that is written.
  public static let maximumEntryCount = 500

  /// The entries of a PNG file held in memory, in the order of the file: tEXt, zTXt and iTXt, before and after the
  /// pixels.
  ///
  /// - Parameters:
  ///   - data: The whole file.
  ///   - file: Its path, for the errors; nil if it has none.
  /// - Throws: ``ImageError`` if the data is no PNG file, damaged or cut off.
  public static func read(
    _ data: [UInt8], file: String? = nil
  ) throws(ImageError) -> [(key: String, value: String)] {
    let format = try ImageFormat(sniffing: data, file: file)
    guard format == .png else {
      throw .unknownFormat(file: file, resembles: "a \(format) image, which has no PNG texts")
    }
    try PNGCoding.checkHeader(of: data, file: file)
    var texts: UnsafeMutablePointer<cpng_text>?
    var count = 0
    let (status, reason) = Codec.withMessage { cpng_read_texts(data, data.count, &texts, &count, $0) }
    defer { cpng_free_texts(texts, count) }
    if let error = Codec.error(status, reading: .png, reason: reason, file: file) { throw error }
    return UnsafeBufferPointer(start: texts, count: count).map { text in
      (key: latin1(text.key, count: text.key_length), value: value(of: text))
    }
  }

  /// The entries of a PNG file.
  ///
  /// - Throws: As ``read(_:file:)``, and what reading the file throws.
  public static func read(path: String) throws(ImageError) -> [(key: String, value: String)] {
    try read(try Image.bytes(ofFile: path), file: path)
  }

  private static func value(of text: cpng_text) -> String {
    guard text.is_utf8 != 0 else { return latin1(text.text, count: text.text_length) }
    return text.text.withMemoryRebound(to: UInt8.self, capacity: text.text_length) { start in
      String(decoding: UnsafeBufferPointer(start: start, count: text.text_length), as: UTF8.self)
    }
  }

  private static func latin1(_ start: UnsafePointer<CChar>, count: Int) -> String {
    var string = String.UnicodeScalarView()
    for byte in UnsafeBufferPointer(start: start, count: count) {
      string.append(Unicode.Scalar(UInt8(bitPattern: byte)))
    }
    return String(string)
  }

  /// One entry, checked against the rules of the format, and encoded.
  struct Entry {
    let key: [UInt8]
    let value: [UInt8]
    /// iTXt rather than tEXt.
    let isUTF8: Bool

    /// - Throws: ``ImageError/invalidText(reason:)`` for a key that is not 1 to 79 printable Latin-1 characters
    ///   without outer or doubled spaces, or a value with a zero character or beyond ``maximumValueSize``.
    init(key: String, value: String) throws(ImageError) {
      guard let keyBytes = Self.latin1(key, lineFeeds: false), (1...79).contains(keyBytes.count),
        !keyBytes.contains(0xA0), keyBytes.first != 0x20, keyBytes.last != 0x20,
        !zip(keyBytes, keyBytes.dropFirst()).contains(where: { $0 == 0x20 && $1 == 0x20 })
      else {
        throw .invalidText(
          reason: "The PNG text key \"\(key)\" is not 1 to 79 printable Latin-1 characters without outer or doubled "
            + "spaces")
      }
      guard !value.unicodeScalars.contains("\0") else {
        throw .invalidText(reason: "The PNG text \"\(key)\" holds a zero character")
      }
      let valueBytes = Self.latin1(value, lineFeeds: true)
      self.key = keyBytes
      self.value = valueBytes ?? Array(value.utf8)
      isUTF8 = valueBytes == nil
      guard self.value.count <= maximumValueSize else {
        throw .invalidText(
          reason: "The PNG text \"\(key)\" has \(self.value.count) bytes, where at most \(maximumValueSize) are "
            + "written")
      }
    }

    /// Appends the key and the value, each with a terminating zero, and says where they lie.
    func append(to bytes: inout [UInt8]) -> cpng_text_span {
      let keyOffset = bytes.count
      bytes += key
      bytes.append(0)
      let valueOffset = bytes.count
      bytes += value
      bytes.append(0)
      return cpng_text_span(
        key_offset: keyOffset, text_offset: valueOffset, text_length: value.count, is_utf8: isUTF8 ? 1 : 0)
    }

    /// The Latin-1 bytes, or nil if some character is not printable Latin-1 (nor, where allowed, a line feed).
    private static func latin1(_ string: String, lineFeeds: Bool) -> [UInt8]? {
      var bytes: [UInt8] = []
      for scalar in string.unicodeScalars {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0xFF: bytes.append(UInt8(scalar.value))
        case 0x0A where lineFeeds: bytes.append(0x0A)
        default: return nil
        }
      }
      return bytes
    }
  }
}
