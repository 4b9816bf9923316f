// SPDX-License-Identifier: Apache-2.0

/// Photoshop's swatches (`.aco`), after Adobe's “Photoshop File Formats Specification”, “Color Swatches”: a version, a
/// number of colours, and each colour as a model and four numbers. Files of version 2 hold it all twice: first as
/// version 1, then with names.
enum PhotoshopSwatches {
  private enum Model: UInt16 {
    case rgb = 0
    case hsb = 1
    case cmyk = 2
    case lab = 7
    case grey = 8
    case wideCMYK = 9
  }

  private static let headerSize = 4
  private static let colorSize = 10

  /// Whether the data begins as such a file does, and cannot be a colour table, which has no signature.
  static func resembles(_ data: [UInt8]) -> Bool {
    guard data.count >= headerSize, data[0] == 0, data[1] == 1 || data[1] == 2 else { return false }
    guard ColorTable.resembles(data) else { return true }
    let end = headerSize + colorSize * (Int(data[2]) << 8 | Int(data[3]))
    return end < data.count && data[end...].starts(with: [0, 2]) || end == data.count
  }

  static func read(_ source: PaletteSource) throws(PaletteError) -> Palette {
    var reader = PaletteByteReader(source)
    let first = try section(&reader)
    // Bytes that are no second section are what some programs leave behind.
    guard first.version == 1, reader.remaining >= headerSize, source.bytes[reader.offset...].starts(with: [0, 2])
    else { return Palette(first.entries) }
    return Palette(try section(&reader).entries)
  }

  private static func section(
    _ reader: inout PaletteByteReader
  ) throws(PaletteError) -> (version: Int, entries: [Palette.Entry]) {
    let version = Int(try reader.integer(UInt16.self, "the version"))
    let count = Int(try reader.integer(UInt16.self, "the number of colours"))
    var entries: [Palette.Entry] = []
    for number in 1...max(count, 1) where number <= count {
      let what = "colour \(number) of \(count)"
      let color = try color(&reader, what)
      guard version == 2 else {
        entries.append(Palette.Entry(color))
        continue
      }
      let units = try reader.integer(UInt32.self, "the name of \(what)")
      entries.append(Palette.Entry(color, name: try reader.name(units: Int(units), "the name of \(what)")))
    }
    return (version, entries)
  }

  private static func color(_ reader: inout PaletteByteReader, _ what: String) throws(PaletteError) -> RGB {
    let start = reader.offset
    let number = try reader.integer(UInt16.self, what)
    var values: [UInt16] = []
    for _ in 0..<4 { values.append(try reader.integer(UInt16.self, what)) }
    let unit = values.map { Double($0) / 65535 }
    switch Model(rawValue: number) {
    case .rgb:
      return RGB(unit: unit[0], unit[1], unit[2])
    case .hsb:
      return RGB(hue: unit[0], saturation: unit[1], brightness: unit[2])
    case .cmyk:
      // Zero is full ink.
      return RGB(cyan: 1 - unit[0], magenta: 1 - unit[1], yellow: 1 - unit[2], black: 1 - unit[3])
    case .wideCMYK:
      let ink = values.map { Double($0) / 10000 }
      return RGB(cyan: ink[0], magenta: ink[1], yellow: ink[2], black: ink[3])
    case .lab:
      let signed = values.map { Double(Int16(bitPattern: $0)) / 100 }
      return RGB(printLab: Lab(lightness: Double(values[0]) / 100, a: signed[1], b: signed[2]))
    case .grey:
      // Ink as well: 10000 is black.
      return RGB(grey: 1 - Double(values[0]) / 10000)
    case nil:
      throw reader.source.damaged(
        at: start,
        "\(what) is of the colour model \(number), a book of inks perhaps, which cannot be converted; "
          + "make it RGB in the program that the file is from")
    }
  }

  static func data(_ palette: Palette) -> [UInt8] {
    var data: [UInt8] = []
    for version in [UInt16(1), 2] {
      data.append(bigEndian: version)
      data.append(bigEndian: UInt16(clamping: palette.entries.count))
      for entry in palette.entries {
        data.append(bigEndian: Model.rgb.rawValue)
        for sample in [entry.color.red, entry.color.green, entry.color.blue] {
          data.append(bigEndian: UInt16(sample) * 257)
        }
        data.append(bigEndian: UInt16(0))
        if version == 2 {
          data.append(name: entry.name.flatMap(Palette.cleanName) ?? "", length: UInt32.self)
        }
      }
    }
    return data
  }
}
