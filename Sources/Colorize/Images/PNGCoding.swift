// SPDX-License-Identifier: Apache-2.0

import CCodec
import CPNGIO

/// PNG to and from an ``Image``, through libpng.
enum PNGCoding {
  static func decode(_ data: [UInt8], file: String?) throws(ImageError) -> Image {
    try Codec.decode(.png, file: file) { _, _, info, message in
      cpng_read_info(data, data.count, Codec.limits, &info, message)
    } body: { pixels, capacity, info, message in
      cpng_decode(data, data.count, Codec.limits, pixels, capacity, &info, message)
    }.image
  }

  /// Checks the size in the header against the limits.
  static func checkHeader(of data: [UInt8], file: String?) throws(ImageError) {
    var info = codec_info()
    try Codec.check(.png, file: file, info: &info) { info, message in
      cpng_read_info(data, data.count, Codec.limits, &info, message)
    }
  }

  /// The file's ICC profile, without content if it cannot be read.
  static func profile(of data: [UInt8]) -> [UInt8] {
    var profile: UnsafeMutablePointer<UInt8>?
    var size = 0
    let (status, _) = Codec.withMessage { cpng_read_profile(data, data.count, &profile, &size, $0) }
    defer { codec_free(profile) }
    guard status == CODEC_OK, let profile else { return [] }
    return Array(UnsafeBufferPointer(start: profile, count: size))
  }

  static func encode(
    _ image: Image, texts: [PNGText.Entry], resolution: ImageResolution?, bitsPerSample: Int = 8
  ) throws(ImageError) -> [UInt8] {
    try encode(texts) { bytes, spans, encoded, size, message in
      cpng_encode(
        image.pixels, UInt32(bitsPerSample), UInt32(image.width), UInt32(image.height), UInt32(image.channels), bytes,
        spans, spans.count,
        density(resolution?.horizontal), density(resolution?.vertical), &encoded, &size, message)
    }
  }

  /// A file of indices into a palette.
  ///
  /// - Parameters:
  ///   - indices: `width * height`, each below the number of colours.
  ///   - palette: 1 to 256 colours.
  static func encode(
    indices: [UInt8], palette: [RGB], width: Int, height: Int, texts: [PNGText.Entry]
  ) throws(ImageError) -> [UInt8] {
    assert(indices.count == width * height)
    let colors = palette.flatMap { [$0.red, $0.green, $0.blue] }
    return try encode(texts) { bytes, spans, encoded, size, message in
      cpng_encode_indexed(
        indices, UInt32(width), UInt32(height), colors, UInt32(palette.count), bytes, spans, spans.count, &encoded,
        &size,
        message)
    }
  }

  /// A file of 16-bit grey.
  static func encode(
    grey16: [UInt16], width: Int, height: Int, texts: [PNGText.Entry]
  ) throws(ImageError) -> [UInt8] {
    assert(grey16.count == width * height)
    return try encode(texts) { bytes, spans, encoded, size, message in
      cpng_encode_grey16(
        grey16, UInt32(width), UInt32(height), bytes, spans, spans.count, &encoded, &size, message)
    }
  }

  /// The numbers that the pixels stand for: palette indices or grey values as they are, RGB as `R << 16 | G << 8 | B`.
  static func numbers(
    in data: [UInt8], file: String?
  ) throws(ImageError) -> (width: Int, height: Int, values: [UInt32]) {
    var info = codec_info()
    try Codec.check(.png, file: file, info: &info) { info, message in
      cpng_decode_numbers(data, data.count, Codec.limits, nil, 0, &info, message)
    }
    try Image.checkRoom(width: Int(info.width), height: Int(info.height), channels: 4, file: file)
    var values = [UInt32](repeating: 0, count: Int(info.width) * Int(info.height))
    try Codec.check(.png, file: file, info: &info) { info, message in
      cpng_decode_numbers(data, data.count, Codec.limits, &values, values.count, &info, message)
    }
    return (Int(info.width), Int(info.height), values)
  }

  /// Runs an encoder with the texts laid out for it, and takes over what it made.
  private static func encode(
    _ texts: [PNGText.Entry],
    _ call: (
      _ bytes: [UInt8], _ spans: [cpng_text_span], _ encoded: inout UnsafeMutablePointer<UInt8>?, _ size: inout Int,
      _ message: UnsafeMutablePointer<CChar>
    ) -> codec_status
  ) throws(ImageError) -> [UInt8] {
    var bytes: [UInt8] = []
    let spans = texts.map { $0.append(to: &bytes) }
    return try Codec.encoded(.png) { call(bytes, spans, &$0, &$1, $2) }
  }

  /// Pixels per metre of pixels per inch, at most 65 535; 0 for none.
  private static func density(_ perInch: Double?) -> UInt32 {
    perInch.map { UInt32(($0 * ImageResolution.inchesPerMeter).rounded()) } ?? 0
  }
}
