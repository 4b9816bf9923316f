// SPDX-License-Identifier: Apache-2.0

/// Adobe's colour table (`.act`): 256 colours of three bytes, then, in newer files, how many of them count and which is
/// transparent. It has no signature but its size.
enum ColorTable {
  private static let size = 768

  static func resembles(_ data: [UInt8]) -> Bool {
    data.count == size || data.count == size + 4
  }

  static func read(_ source: PaletteSource) throws(PaletteError) -> Palette {
    var count = 256
    if source.bytes.count == size + 4 {
      var reader = PaletteByteReader(source, at: size)
      let stated = Int(try reader.integer(UInt16.self, "the number of colours"))
      guard stated <= 256 else { throw source.damaged(at: size, "\(stated) colours, where 256 have room") }
      // Some programs leave it at zero for all.
      if stated > 0 { count = stated }
    }
    return Palette(
      (0..<count).map { index in
        Palette.Entry(RGB(source.bytes[index * 3], source.bytes[index * 3 + 1], source.bytes[index * 3 + 2]))
      })
  }

  /// - Parameter palette: of at most 256 colours.
  static func data(_ palette: Palette) -> [UInt8] {
    var data = palette.entries.prefix(256).flatMap { [$0.color.red, $0.color.green, $0.color.blue] }
    data += [UInt8](repeating: 0, count: size - data.count)
    data.append(bigEndian: UInt16(min(palette.entries.count, 256)))
    // No colour is transparent.
    data.append(bigEndian: UInt16.max)
    return data
  }
}
