// SPDX-License-Identifier: Apache-2.0

/// GIMP's palettes (`.gpl`): `GIMP Palette`, then `Name:` and `Columns:`, both of which old files lack, then a colour a
/// line as three decimal numbers and a name. Lines that begin with `#` are comments.
enum GIMPPalette {
  /// What GIMP calls an entry without a name.
  private static let unnamed = "Untitled"

  static func read(_ source: PaletteSource) throws(PaletteError) -> Palette {
    var palette = Palette([])
    var hasAlpha = false
    for (number, line) in source.lines.enumerated() {
      guard let first = line.bytes.first(where: { $0 != 0x20 && $0 != 0x09 }) else { continue }
      if number == 0 {
        guard line.bytes.elementsEqual("GIMP Palette".utf8) else {
          throw source.damaged(at: line.offset, "the first line is not \"GIMP Palette\"")
        }
      } else if first == UInt8(ascii: "#") {
        continue
      } else if let value = value(of: "Name:", in: line.bytes) {
        palette.name = Palette.cleanName(value)
      } else if value(of: "Columns:", in: line.bytes) != nil {
        continue
      } else if let value = value(of: "Channels:", in: line.bytes) {
        // Aseprite's: a fourth number, which is opacity.
        hasAlpha = value.contains("RGBA")
      } else {
        palette.entries.append(try entry(line, hasAlpha: hasAlpha, source))
        try source.check(count: palette.entries.count)
      }
    }
    return palette
  }

  private static func value(of key: String, in line: ArraySlice<UInt8>) -> String? {
    guard line.starts(with: key.utf8) else { return nil }
    return PaletteSource.text(line.dropFirst(key.utf8.count))
  }

  private static func entry(
    _ line: (offset: Int, bytes: ArraySlice<UInt8>), hasAlpha: Bool, _ source: PaletteSource
  ) throws(PaletteError) -> Palette.Entry {
    var fields = DecimalFields(line.bytes)
    var samples: [UInt8] = []
    for channel in ["red", "green", "blue", "opacity"].prefix(hasAlpha ? 4 : 3) {
      let start = fields.offset
      guard let value = fields.next() else {
        throw source.damaged(at: start, "a line of a colour has no number for its \(channel)")
      }
      guard value <= 255 else {
        throw source.damaged(at: start, "\(channel) is above 255")
      }
      samples.append(UInt8(value))
    }
    let name = Palette.cleanName(PaletteSource.text(fields.rest))
    return Palette.Entry(RGB(samples[0], samples[1], samples[2]), name: name == unnamed ? nil : name)
  }

  static func data(_ palette: Palette) -> [UInt8] {
    var text = "GIMP Palette\n"
    if let name = palette.name.flatMap(Palette.cleanName) { text += "Name: \(name)\n" }
    text += "Columns: 0\n#\n"
    for entry in palette.entries {
      let samples = [entry.color.red, entry.color.green, entry.color.blue].map { sample in
        String(repeating: " ", count: sample < 10 ? 2 : sample < 100 ? 1 : 0) + String(sample)
      }
      text += samples.joined(separator: " ") + "\t" + (entry.name.flatMap(Palette.cleanName) ?? unnamed) + "\n"
    }
    return Array(text.utf8)
  }
}

/// Decimal numbers between spaces, from the start of a line on.
struct DecimalFields {
  private(set) var rest: ArraySlice<UInt8>

  init(_ line: ArraySlice<UInt8>) { rest = line }

  /// Where in the file the next field begins, once spaces are passed over.
  var offset: Int { rest.firstIndex { $0 != 0x20 && $0 != 0x09 } ?? rest.endIndex }

  /// The next number of at most nine digits; nil, and nothing is taken, where there is none.
  mutating func next() -> Int? {
    let field = rest[offset...]
    let digits = field.prefix { (0x30...0x39).contains($0) }
    let after = field.dropFirst(digits.count).first
    guard (1...9).contains(digits.count), after == nil || after == 0x20 || after == 0x09 else { return nil }
    rest = field.dropFirst(digits.count)
    return digits.reduce(0) { $0 * 10 + Int($1) - 0x30 }
  }
}
