// SPDX-License-Identifier: Apache-2.0

/// Colours as hexadecimal digits, one a line: `RRGGBB` (`.hex` of Lospec) or `AARRGGBB` (`.txt` of paint.net), with or
/// without `#`. What follows after a space is a name. Lines that begin with `;` or `//` are comments.
enum HexadecimalList {
  /// Whether the first line that is no comment is a colour.
  static func resembles(_ data: [UInt8]) -> Bool {
    // A comment may be long, a colour is not; and a large file is not taken apart in vain.
    let head = PaletteSource(bytes: Array(data.prefix(4096)), file: nil, format: .hexadecimal)
    for line in head.lines where !isComment(line.bytes) { return entry(line.bytes) != nil }
    return false
  }

  static func read(_ source: PaletteSource) throws(PaletteError) -> Palette {
    var palette = Palette([])
    for line in source.lines where !isComment(line.bytes) {
      guard let entry = entry(line.bytes) else {
        throw source.damaged(at: line.offset, "a line does not begin with six or eight hexadecimal digits")
      }
      palette.entries.append(entry)
      try source.check(count: palette.entries.count)
    }
    return palette
  }

  private static func isComment(_ line: ArraySlice<UInt8>) -> Bool {
    line.isEmpty || line.first == UInt8(ascii: ";") || line.starts(with: "//".utf8)
  }

  private static func entry(_ line: ArraySlice<UInt8>) -> Palette.Entry? {
    let line = line.first == UInt8(ascii: "#") ? line.dropFirst() : line
    let digits = line.prefix { $0 != 0x20 && $0 != 0x09 && $0 != UInt8(ascii: ",") }
    guard digits.count == 6 || digits.count == 8,
      let color = RGB(hex: String(decoding: digits.suffix(6), as: UTF8.self)),
      // Opacity comes first, and is not kept.
      digits.dropLast(6).allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit })
    else { return nil }
    return Palette.Entry(color, name: Palette.cleanName(PaletteSource.text(line.dropFirst(digits.count + 1))))
  }

  static func data(_ palette: Palette) -> [UInt8] {
    Array(palette.entries.map { $0.color.description.dropFirst().lowercased() + "\n" }.joined().utf8)
  }
}
