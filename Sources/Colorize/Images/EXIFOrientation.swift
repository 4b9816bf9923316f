/// How a camera held its picture: the orientation tag (0x0112) of EXIF 2.32, section 4.6.4.
///
/// The names say where the stored image's first row and first column are in the upright picture.
enum EXIFOrientation: UInt16, CaseIterable {
  case topLeft = 1
  case topRight
  case bottomRight
  case bottomLeft
  case leftTop
  case rightTop
  case rightBottom
  case leftBottom

  /// The orientation that a JPEG file notes; ``topLeft`` if it notes none, or none that makes sense.
  ///
  /// The data is not trusted: every offset is checked, and what does not fit counts as absent.
  init(jpeg data: [UInt8]) {
    self = Self.exifBlock(of: data).flatMap(Self.orientation(in:)) ?? .topLeft
  }

  /// Whether rows become columns.
  var swapsAxes: Bool { rawValue >= 5 }

  /// The TIFF block of the first EXIF segment.
  private static func exifBlock(of data: [UInt8]) -> ArraySlice<UInt8>? {
    let signature: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0, 0]
    var position = 2
    while position + 4 <= data.count, data[position] == 0xFF {
      let marker = data[position + 1]
      switch marker {
      case 0xFF:  // padding
        position += 1
      case 0x01, 0xD0...0xD8:  // markers without a length
        position += 2
      case 0xD9, 0xDA:  // the end of the image, or the start of its data: no header follows
        return nil
      default:
        let length = Int(data[position + 2]) << 8 | Int(data[position + 3])
        guard length >= 2, position + 2 + length <= data.count else { return nil }
        let content = data[position + 4..<position + 2 + length]
        if marker == 0xE1, content.starts(with: signature) { return content.dropFirst(signature.count) }
        position += 2 + length
      }
    }
    return nil
  }

  /// The tag's value in the first directory of a TIFF block.
  private static func orientation(in block: ArraySlice<UInt8>) -> EXIFOrientation? {
    let bytes = Array(block)
    let littleEndian: Bool
    switch bytes.prefix(2) {
    case [0x49, 0x49]: littleEndian = true
    case [0x4D, 0x4D]: littleEndian = false
    default: return nil
    }
    func number(at offset: Int, bytes count: Int) -> Int? {
      guard offset >= 0, offset <= bytes.count - count else { return nil }
      let field = bytes[offset..<offset + count]
      return littleEndian
        ? field.reversed().reduce(0) { $0 << 8 | Int($1) } : field.reduce(0) { $0 << 8 | Int($1) }
    }
    guard number(at: 2, bytes: 2) == 42, let directory = number(at: 4, bytes: 4),
      let entries = number(at: directory, bytes: 2)
    else { return nil }
    for index in 0..<entries {
      let entry = directory + 2 + index * 12
      guard let tag = number(at: entry, bytes: 2), let type = number(at: entry + 2, bytes: 2) else { return nil }
      guard tag == 0x0112 else { continue }
      // A short is what the standard asks for; some programs write a long.
      let value = type == 3 ? number(at: entry + 8, bytes: 2) : type == 4 ? number(at: entry + 8, bytes: 4) : nil
      return value.flatMap(UInt16.init(exactly:)).flatMap(EXIFOrientation.init(rawValue:))
    }
    return nil
  }
}

extension Image {
  /// The upright image of one stored with the given orientation.
  func oriented(_ orientation: EXIFOrientation) -> Image {
    guard orientation != .topLeft else { return self }
    let (newWidth, newHeight) = orientation.swapsAxes ? (height, width) : (width, height)
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
      pixels.withUnsafeBufferPointer { source in
        for y in 0..<newHeight {
          for x in 0..<newWidth {
            let (column, row) = storedPosition(ofX: x, y: y, orientation)
            let from = (row * width + column) * channels
            for channel in 0..<channels {
              target[count] = source[from + channel]
              count += 1
            }
          }
        }
      }
    }
    return Image(checkedWidth: newWidth, height: newHeight, channels: channels, pixels: turned)
  }

  private func storedPosition(
    ofX x: Int, y: Int, _ orientation: EXIFOrientation
  ) -> (column: Int, row: Int) {
    switch orientation {
    case .topLeft: (x, y)
    case .topRight: (width - 1 - x, y)
    case .bottomRight: (width - 1 - x, height - 1 - y)
    case .bottomLeft: (x, height - 1 - y)
    case .leftTop: (y, x)
    case .rightTop: (y, height - 1 - x)
    case .rightBottom: (width - 1 - y, height - 1 - x)
    case .leftBottom: (width - 1 - y, x)
    }
  }
}
