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
    let (first, right, down) = storedSteps(orientation)
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
      pixels.withUnsafeBufferPointer { source in
        for y in 0..<newHeight {
          for channel in 0..<channels {
            var from = (first + y * down) * channels + channel
            var to = y * newWidth * channels + channel
            for _ in 0..<newWidth {
              target[to] = source[from]
              from += right * channels
              to += channels
            }
          }
        }
      }
      count = pixels.count
    }
    return Image(checkedWidth: newWidth, height: newHeight, channels: channels, pixels: turned)
  }

  /// Where the upright image's first pixel is stored, and how many pixels it is from there to its right neighbour, and to the one
  /// below.
  private func storedSteps(_ orientation: EXIFOrientation) -> (first: Int, right: Int, down: Int) {
    let lastColumn = width - 1
    let lastRow = (height - 1) * width
    return switch orientation {
    case .topLeft: (0, 1, width)
    case .topRight: (lastColumn, -1, width)
    case .bottomRight: (lastRow + lastColumn, -1, -width)
    case .bottomLeft: (lastRow, 1, -width)
    case .leftTop: (0, width, 1)
    case .rightTop: (lastRow, -width, 1)
    case .rightBottom: (lastRow + lastColumn, -width, -1)
    case .leftBottom: (lastColumn, width, -1)
    }
  }
}
