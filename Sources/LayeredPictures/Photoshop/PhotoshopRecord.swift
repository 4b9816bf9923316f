// SPDX-License-Identifier: Apache-2.0

/// An entry of the list of layers in a Photoshop document. A group is two of them, with its layers between.
struct PhotoshopRecord {
  /// What an entry stands for: the number in its section divider.
  enum Kind: UInt32 {
    case pixels = 0
    case openGroup = 1
    /// The lower end of a group, which no program shows.
    case groupEnd = 3
  }

  let kind: Kind
  let layer: Layer
  /// Where its pixels are; empty for all but pixels.
  let box: LayerBox

  /// The records of layers, in the file's order: from the lowest up, a group's end first and the group itself last.
  static func records(_ layers: [Layer]) -> [PhotoshopRecord] {
    layers.flatMap { layer in
      guard let children = layer.layers else {
        return [PhotoshopRecord(kind: .pixels, layer: layer, box: layer.content.visibleBox)]
      }
      let end = Layer.group(name: "</Layer group>", [])
      return [PhotoshopRecord(kind: .groupEnd, layer: end, box: .empty)] + records(children)
        + [PhotoshopRecord(kind: .openGroup, layer: layer, box: .empty)]
    }
  }

  /// Writes the record, with lengths of 0 for the four channels.
  ///
  /// - Parameter identifier: a number of its own for each record, from 1.
  /// - Returns: Where the lengths stand.
  func append(to sink: ByteSink, identifier: UInt32) throws -> [Int] {
    for edge in [box.y, box.x, box.bottom, box.right] { try sink.append(bigEndian: Int32(edge)) }
    try sink.append(bigEndian: UInt16(PhotoshopWriter.channels.count))
    var places: [Int] = []
    for channel in PhotoshopWriter.channels {
      try sink.append(bigEndian: channel)
      places.append(sink.position)
      try sink.append(bigEndian: UInt32(0))
    }
    try sink.append(ascii: "8BIM")
    try sink.append(Array(layer.blendMode.photoshopKey.utf8))
    // Opacity, clipping (none), flags, and a byte that fills up.
    try sink.append([layer.opacityByte, 0, flags, 0])
    let extra = extraData(identifier: identifier)
    try sink.append(bigEndian: UInt32(extra.count))
    try sink.append(extra)
    return places
  }

  // Bit 1 hides, bit 3 says that bit 4 counts, and bit 4 that there are no pixels that matter.
  private var flags: UInt8 { (layer.isVisible ? 0 : 2) | 8 | (kind == .pixels ? 0 : 16) }

  private func extraData(identifier: UInt32) -> [UInt8] {
    // No mask, and no blending ranges.
    var data = [UInt8](repeating: 0, count: 8)
    data += Self.pascalName(layer.name)
    data += Self.block("luni", Self.unicodeName(layer.name))
    data += Self.block("lyid", Self.bytes(identifier))
    if kind != .pixels {
      data += Self.block("lsct", Self.bytes(kind.rawValue) + Array("8BIM\(layer.blendMode.photoshopKey)".utf8))
    }
    // Transparency, pixels, position, and all of it.
    if layer.isLocked { data += Self.block("lspf", Self.bytes(UInt32(0x8000_0007))) }
    return data
  }

  /// A tagged block; all of those here have a multiple of four bytes.
  private static func block(_ key: StaticString, _ data: [UInt8]) -> [UInt8] {
    Array("8BIM\(key)".utf8) + bytes(UInt32(data.count)) + data
  }

  /// The name for programs that know no Unicode: a length and at most 31 bytes, filled up to a multiple of four.
  private static func pascalName(_ name: String) -> [UInt8] {
    let ascii = name.unicodeScalars.prefix(31).map { (" "..."~").contains($0) ? UInt8($0.value) : UInt8(ascii: "?") }
    return padded([UInt8(ascii.count)] + ascii)
  }

  /// The name in UTF-16, its length in front: whole characters of at most 255 units, filled up to a multiple of four.
  private static func unicodeName(_ name: String) -> [UInt8] {
    var units: [UInt16] = []
    for character in name {
      guard units.count + character.utf16.count <= 255 else { break }
      units += character.utf16
    }
    return padded(bytes(UInt32(units.count)) + units.flatMap { bytes($0) })
  }

  private static func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: -bytes.count & 3)
  }

  private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }
}
