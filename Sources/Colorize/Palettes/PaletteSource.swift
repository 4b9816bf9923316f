// SPDX-License-Identifier: Apache-2.0

/// The bytes of a palette's file, and what its errors need to name.
struct PaletteSource {
  let bytes: [UInt8]
  let file: String?
  let format: PaletteFormat

  func damaged(at offset: Int, _ reason: String) -> PaletteError {
    .damaged(file: file, format: format, offset: offset, reason: reason)
  }

  func truncated(_ reason: String) -> PaletteError {
    .truncated(file: file, format: format, offset: bytes.count, reason: reason)
  }

  /// Refuses a file that lists more colours than palettes hold.
  func check(count: Int) throws(PaletteError) {
    guard count <= Palette.maximumEntryCount else {
      throw .tooLarge(
        file: file, reason: "more than \(Palette.maximumEntryCount) colours, which is the most that are read")
    }
  }

  /// The bytes as text: UTF-8 if they are, else Latin-1. A byte order mark is left out.
  static func text(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) {
      return text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: bytes.lazy.map { Unicode.Scalar($0) })
    return String(text)
  }

  /// The lines of a text.
  var lines: PaletteLines { PaletteLines(bytes) }
}

/// The lines of a text, without their ends (LF, CR LF or CR) and the spaces before those, each with its offset.
struct PaletteLines: Sequence, IteratorProtocol {
  private let bytes: [UInt8]
  private var start: Int

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    // A byte order mark is no part of the first line.
    start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  mutating func next() -> (offset: Int, bytes: ArraySlice<UInt8>)? {
    guard start < bytes.count else { return nil }
    let end = bytes[start...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? bytes.count
    var line = bytes[start..<end]
    while let last = line.last, last == 0x20 || last == 0x09 { line.removeLast() }
    let offset = start
    start = end + (end + 1 < bytes.count && bytes[end] == 0x0D && bytes[end + 1] == 0x0A ? 2 : 1)
    return (offset, line)
  }
}

/// Reads numbers in network order, one after the other, and never past the end.
struct PaletteByteReader {
  let source: PaletteSource
  private(set) var offset: Int

  init(_ source: PaletteSource, at offset: Int = 0) {
    self.source = source
    self.offset = offset
  }

  var remaining: Int { source.bytes.count - offset }

  /// The next bytes.
  ///
  /// - Parameter what: completes "... is missing", where the data ends before.
  mutating func bytes(_ count: Int, _ what: String) throws(PaletteError) -> ArraySlice<UInt8> {
    guard count <= remaining else { throw source.truncated("\(what) is missing") }
    defer { offset += count }
    return source.bytes[offset..<offset + count]
  }

  mutating func integer<T: FixedWidthInteger & UnsignedInteger>(
    _ type: T.Type, _ what: String
  ) throws(PaletteError) -> T {
    try bytes(T.bitWidth / 8, what).reduce(0) { $0 << 8 | T($1) }
  }

  /// A number of single precision; damage if it is not finite.
  mutating func float(_ what: String) throws(PaletteError) -> Double {
    let start = offset
    let value = Float(bitPattern: try integer(UInt32.self, what))
    guard value.isFinite else { throw source.damaged(at: start, "\(what) is no number") }
    return Double(value)
  }

  /// A name of UTF-16 units, of which the last is zero.
  mutating func name(units: Int, _ what: String) throws(PaletteError) -> String? {
    let bytes = try bytes(units * 2, what)
    var text: [UInt16] = []
    for index in stride(from: bytes.startIndex, to: bytes.endIndex, by: 2) {
      let unit = UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
      if unit == 0 { break }
      text.append(unit)
    }
    return Palette.cleanName(String(decoding: text, as: UTF16.self))
  }
}

extension [UInt8] {
  /// Appends a number in network order.
  mutating func append(bigEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  /// Appends a name in UTF-16, with a zero behind it, after its length in units.
  mutating func append<Length: FixedWidthInteger>(name: String, length: Length.Type) {
    // A length of 16 bits has no room for all; no name that was read is as long.
    let units = Array<UInt16>(name.utf16.prefix(4096))
    append(bigEndian: Length(units.count + 1))
    for unit in units + [0] { append(bigEndian: unit) }
  }
}
