// SPDX-License-Identifier: Apache-2.0

/// JASC's palettes (`.pal`, Paint Shop Pro): `JASC-PAL`, a version, the number of colours, and three decimal numbers a
/// line.
enum JASCPalette {
  static func read(_ source: PaletteSource) throws(PaletteError) -> Palette {
    var lines = source.lines.lazy.filter { !$0.bytes.isEmpty }.makeIterator()
    // The signature and the version.
    _ = (lines.next(), lines.next())
    guard let third = lines.next() else { throw source.truncated("the number of colours is missing") }
    var header = DecimalFields(third.bytes)
    guard let count = header.next() else {
      throw source.damaged(at: third.offset, "the third line is not the number of colours")
    }
    try source.check(count: count)
    var palette = Palette([])
    for number in 0..<count {
      guard let line = lines.next() else { throw source.truncated("there are \(number) of \(count) colours") }
      var fields = DecimalFields(line.bytes)
      guard let red = fields.next(), let green = fields.next(), let blue = fields.next(),
        max(red, green, blue) <= 255
      else { throw source.damaged(at: line.offset, "a line of a colour is not three numbers of 0 to 255") }
      palette.entries.append(Palette.Entry(RGB(UInt8(red), UInt8(green), UInt8(blue))))
    }
    return palette
  }

  static func data(_ palette: Palette) -> [UInt8] {
    var text = "JASC-PAL\r\n0100\r\n\(palette.entries.count)\r\n"
    for entry in palette.entries {
      text += "\(entry.color.red) \(entry.color.green) \(entry.color.blue)\r\n"
    }
    return Array(text.utf8)
  }
}
