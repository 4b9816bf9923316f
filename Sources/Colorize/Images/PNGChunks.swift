// SPDX-License-Identifier: Apache-2.0

/// The chunks of a PNG file, as they stand in it; what is damaged is not there.
struct PNGChunks {
  private let data: [UInt8]

  init(_ data: [UInt8]) { self.data = data }

  /// The content of the first chunk of that type.
  func first(_ type: String) -> ArraySlice<UInt8>? {
    let name = Array(type.utf8)
    var position = 8
    while position + 12 <= data.count {
      let length = Self.number(data[position..<position + 4])
      guard length <= data.count - position - 12 else { return nil }
      if data[position + 4..<position + 8].elementsEqual(name) { return data[position + 8..<position + 8 + length] }
      position += 12 + length
    }
    return nil
  }

  /// What the chunk `pHYs` says, if it is in metres.
  var resolution: ImageResolution? {
    guard let content = first("pHYs").map(Array.init), content.count == 9, content[8] == 1 else { return nil }
    return ImageResolution(
      horizontal: Double(Self.number(content[0..<4])) / ImageResolution.inchesPerMeter,
      vertical: Double(Self.number(content[4..<8])) / ImageResolution.inchesPerMeter)
  }

  /// How many pictures an animation has (`acTL`); 1 for what is none.
  var frameCount: Int {
    guard let content = first("acTL"), content.count == 8 else { return 1 }
    return Self.number(content.prefix(4))
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}
