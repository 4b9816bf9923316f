// SPDX-License-Identifier: Apache-2.0

/// Adobe Swatch Exchange (`.ase`): blocks, each with a type and a length, of which colours have a UTF-16 name, a model
/// and numbers of single precision.
enum SwatchExchange {
  private static let color: UInt16 = 0x0001
  private static let signature = Array("ASEF".utf8)

  static func read(_ source: PaletteSource) throws(PaletteError) -> Palette {
    var reader = PaletteByteReader(source, at: signature.count)
    let version = try reader.integer(UInt32.self, "the version")
    guard version >> 16 == 1 else {
      throw source.damaged(at: signature.count, "version \(version >> 16), expected 1")
    }
    let count = Int(try reader.integer(UInt32.self, "the number of blocks"))
    // A block has six bytes at the least; the number itself may be anything.
    guard count <= reader.remaining / 6 else {
      throw source.truncated("there is no room for \(count) blocks")
    }
    var palette = Palette([])
    for number in 1...max(count, 1) where number <= count {
      let what = "block \(number) of \(count)"
      let type = try reader.integer(UInt16.self, what)
      let length = Int(try reader.integer(UInt32.self, what))
      let start = reader.offset
      guard length <= reader.remaining else { throw source.truncated("\(what) ends after the data") }
      // Groups, and what other programs may add, say nothing of colours.
      if type == color {
        palette.entries.append(try entry(&reader, what))
        try source.check(count: palette.entries.count)
        guard reader.offset <= start + length else { throw source.damaged(at: start, "\(what) is longer than it says") }
      }
      reader = PaletteByteReader(source, at: start + length)
    }
    return palette
  }

  private static func entry(
    _ reader: inout PaletteByteReader, _ what: String
  ) throws(PaletteError) -> Palette.Entry {
    let name = try reader.name(units: Int(try reader.integer(UInt16.self, what)), "the name of \(what)")
    let place = reader.offset
    let model = String(decoding: try reader.bytes(4, "the colour model of \(what)"), as: UTF8.self)
    let counts = ["RGB ": 3, "CMYK": 4, "LAB ": 3, "Gray": 1]
    guard let count = counts[model] else {
      throw reader.source.damaged(at: place, "\(what) is of an unknown colour model")
    }
    var values: [Double] = []
    for _ in 0..<count { values.append(try reader.float("a number of \(what)")) }
    let color =
      switch model {
      case "RGB ": RGB(unit: values[0], values[1], values[2])
      case "CMYK": RGB(cyan: values[0], magenta: values[1], yellow: values[2], black: values[3])
      case "LAB ": RGB(printLab: Lab(lightness: values[0] * 100, a: values[1], b: values[2]))
      default: RGB(grey: values[0])
      }
    return Palette.Entry(color, name: name)
  }

  static func data(_ palette: Palette) -> [UInt8] {
    var data = signature
    data.append(bigEndian: UInt32(1) << 16)
    data.append(bigEndian: UInt32(palette.entries.count))
    for entry in palette.entries {
      var block: [UInt8] = []
      block.append(name: entry.name.flatMap(Palette.cleanName) ?? "", length: UInt16.self)
      block += Array("RGB ".utf8)
      for sample in [entry.color.red, entry.color.green, entry.color.blue] {
        block.append(bigEndian: (Float(sample) / 255).bitPattern)
      }
      // A plain colour: neither global nor spot.
      block.append(bigEndian: UInt16(2))
      data.append(bigEndian: color)
      data.append(bigEndian: UInt32(block.count))
      data += block
    }
    return data
  }
}
