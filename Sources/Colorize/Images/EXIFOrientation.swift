// SPDX-License-Identifier: Apache-2.0

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

  /// Whether rows become columns.
  var swapsAxes: Bool { rawValue >= 5 }
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
