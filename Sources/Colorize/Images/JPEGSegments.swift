// SPDX-License-Identifier: Apache-2.0

/// The segments before the pixels of a JPEG file that say something of them; what is damaged is not there.
struct JPEGSegments {
  /// The TIFF block of the first EXIF segment.
  private(set) var exif: ArraySlice<UInt8>?
  /// The density of the JFIF segment.
  private(set) var resolution: ImageResolution?
  /// How many pictures the file says that it holds.
  private(set) var pictureCount = 1
  /// The parts of the ICC profile, by their numbers.
  private var parts: [Int: ArraySlice<UInt8>] = [:]
  private var partCount = 0

  /// The most that a profile's parts may have.
  private static let largestProfile = 4 << 20

  init(_ data: [UInt8]) {
    var position = 2
    while position + 4 <= data.count, data[position] == 0xFF {
      let marker = data[position + 1]
      switch marker {
      case 0xFF:  // padding
        position += 1
      case 0x01, 0xD0...0xD8:  // markers without a length
        position += 2
      case 0xD9, 0xDA:  // the end of the image, or the start of its data: no header follows
        return
      default:
        let length = Int(data[position + 2]) << 8 | Int(data[position + 3])
        guard length >= 2, position + 2 + length <= data.count else { return }
        read(marker, data[position + 4..<position + 2 + length])
        position += 2 + length
      }
    }
  }

  private mutating func read(_ marker: UInt8, _ content: ArraySlice<UInt8>) {
    switch marker {
    case 0xE0: readJFIF(Array(content.prefix(14)))
    case 0xE1:
      let signature = Array("Exif\0\0".utf8)
      if exif == nil, content.starts(with: signature) { exif = content.dropFirst(signature.count) }
    case 0xE2:
      let pictures = Array("MPF\0".utf8)
      if content.starts(with: pictures) {
        pictureCount = max(pictureCount, EXIFBlock(content.dropFirst(pictures.count)).pictureCount)
      }
      let signature = Array("ICC_PROFILE\0".utf8)
      guard content.starts(with: signature), content.count > signature.count + 2 else { return }
      let numbers = Array(content.dropFirst(signature.count).prefix(2))
      parts[Int(numbers[0])] = content.dropFirst(signature.count + 2)
      partCount = Int(numbers[1])
    default: break
    }
  }

  private mutating func readJFIF(_ content: [UInt8]) {
    guard resolution == nil, content.starts(with: Array("JFIF\0".utf8)), content.count >= 12 else { return }
    // Dots per inch, or per centimetre; anything else is an aspect.
    let scale = content[7] == 1 ? 1 : content[7] == 2 ? 2.54 : 0
    resolution = ImageResolution(
      horizontal: Double(Int(content[8]) << 8 | Int(content[9])) * scale,
      vertical: Double(Int(content[10]) << 8 | Int(content[11])) * scale)
  }

  /// The ICC profile, put together; nil if there is none. One with a part missing has no content, which is no profile.
  var profile: [UInt8]? {
    guard !parts.isEmpty else { return nil }
    let found = (1...max(partCount, 1)).map { parts[$0] }
    guard found.allSatisfy({ $0 != nil }), parts.values.reduce(0, { $0 + $1.count }) <= Self.largestProfile else {
      return []
    }
    return found.flatMap { $0 ?? [] }
  }
}
