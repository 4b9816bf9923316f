// SPDX-License-Identifier: Apache-2.0

import CJPEG

/// JPEG to and from an ``Image``, through libjpeg.
enum JPEGCoding {
  /// The image as it is stored, its EXIF orientation not applied, and whether the file lacks its end marker.
  static func decode(_ data: [UInt8], file: String?) throws(ImageError) -> (image: Image, lacksEnd: Bool) {
    try Codec.decode(.jpeg, file: file) { _, _, info, message in
      cjpeg_read_info(data, data.count, Codec.limits, &info, message)
    } body: { pixels, capacity, info, message in
      cjpeg_decode(data, data.count, Codec.limits, pixels, capacity, &info, message)
    }
  }

  /// - Parameters:
  ///   - image: One or three channels.
  ///   - quality: 1...100.
  static func encode(
    _ image: Image, quality: Int, resolution: ImageResolution?
  ) throws(ImageError) -> [UInt8] {
    try Codec.encoded(.jpeg) { encoded, size, message in
      cjpeg_encode(
        image.pixels, UInt32(image.width), UInt32(image.height), UInt32(image.channels), Int32(quality),
        density(resolution?.horizontal), density(resolution?.vertical), &encoded, &size, message)
    }
  }

  /// Whole pixels per inch, 1...65535; 0 for none.
  private static func density(_ perInch: Double?) -> UInt32 { perInch.map { UInt32($0.rounded()) } ?? 0 }
}
