// SPDX-License-Identifier: Apache-2.0

import CColorProfile

/// An ICC profile: what the numbers of a picture mean as colours.
struct ColorProfile {
  let bytes: [UInt8]

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// The profile of colours that two numbers of ITU-T H.273 name, as in a PNG's chunk `cICP`: those with the tone curve of
  /// sRGB (13), in the primaries of sRGB (1), BT.2020 (9) or Display P3 (12). It is empty for others, as one that cannot be used.
  init(primaries: UInt8, transfer: UInt8) {
    guard transfer == 13 else {
      bytes = []
      return
    }
    bytes = [UInt8](unsafeUninitializedCapacity: 1 << 14) { buffer, count in
      count = cprofile_of_primaries(Int32(primaries), buffer.baseAddress, buffer.count)
    }
  }

  /// What became of a picture.
  enum Outcome {
    case converted(Image)
    /// The profile is sRGB, or as good as that.
    case same
    /// The profile is damaged, or for other pixels.
    case unusable
  }

  /// The picture in sRGB; alpha stays.
  func convert(_ image: Image) -> Outcome {
    var pixels = image.pixels
    let count = image.width * image.height
    let status = pixels.withUnsafeMutableBufferPointer { pixels in
      cprofile_to_srgb(bytes, bytes.count, pixels.baseAddress, count, Int32(image.channels))
    }
    switch status {
    case CPROFILE_OK:
      return .converted(
        Image(checkedWidth: image.width, height: image.height, channels: image.channels, pixels: pixels))
    case CPROFILE_SAME: return .same
    default: return .unusable
    }
  }
}
