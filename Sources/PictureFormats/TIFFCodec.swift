// SPDX-License-Identifier: Apache-2.0

import CTIFF
import Colorize

/// TIFF, through libtiff. Of several pages the first is read.
struct TIFFCodec: ImageCodec {
  var format: ImageFormat { .tiff }
  var pathExtensions: [String] { ["tif", "tiff"] }
  /// Of both byte orders, and of BigTIFF's.
  var signatures: [[UInt8]] {
    [[0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43]]
  }
  var writes: Bool { true }
  var bitDepths: [Int] { [8, 16] }

  private static let limits = ctiff_limits(
    max_side: UInt32(Image.maximumSide), max_pixels: UInt64(Image.maximumPixelCount))

  func decode(_ data: [UInt8], file: String?) throws(ImageError) -> DecodedImage {
    var info = ctiff_info()
    // Twice through the directory: the first time to learn how much to allocate.
    try check(file: file, info: &info) { info, message in
      ctiff_read_info(data, data.count, Self.limits, &info, message)
    }
    try CodecBuffers.check(width: Int(info.width), height: Int(info.height), file: file)
    let size = Int(info.width) * Int(info.height) * Int(info.channels)
    var profile = [UInt8](repeating: 0, count: info.profile_size)
    let pixels = try CodecBuffers.pixels(count: size) { address throws(ImageError) in
      try check(file: file, info: &info) { info, message in
        ctiff_decode(data, data.count, Self.limits, address, size, &profile, &info, message)
      }
    }
    var decoded = DecodedImage(
      try Image(width: Int(info.width), height: Int(info.height), channels: Int(info.channels), pixels: pixels))
    if !profile.isEmpty { decoded.profile = profile }
    decoded.orientation = Int(info.orientation)
    decoded.resolution = ImageResolution(horizontal: info.density_x, vertical: info.density_y)
    if info.has_others != 0 { decoded.notes.append(.firstOfSeveral) }
    return decoded
  }

  func encode(_ image: Image, _ options: ImageEncoding) throws(ImageError) -> [UInt8] {
    var encoded: UnsafeMutablePointer<UInt8>?
    var size = 0
    let (status, reason) = CodecBuffers.withMessage(capacity: Int(CTIFF_MESSAGE_SIZE)) { message in
      ctiff_encode(
        image.pixels, UInt32(image.width), UInt32(image.height), UInt32(image.channels),
        UInt32(options.bitsPerSample), options.resolution?.horizontal ?? 0, options.resolution?.vertical ?? 0,
        &encoded, &size, message)
    }
    defer { ctiff_free(encoded) }
    guard status == CTIFF_OK else { throw .encodingFailed(format: .tiff, reason: reason) }
    return [UInt8](UnsafeBufferPointer(start: encoded, count: size))
  }

  /// Runs `call`, and throws what its status means.
  private func check(
    file: String?, info: inout ctiff_info,
    _ call: (_ info: inout ctiff_info, _ message: UnsafeMutablePointer<CChar>) -> ctiff_status
  ) throws(ImageError) {
    let (status, reason) = CodecBuffers.withMessage(capacity: Int(CTIFF_MESSAGE_SIZE)) { call(&info, $0) }
    switch status {
    case CTIFF_OK: return
    case CTIFF_TOO_LARGE:
      try CodecBuffers.check(width: Int(info.width), height: Int(info.height), file: file)
      throw .tooLarge(file: file, reason: reason)
    case CTIFF_OUT_OF_MEMORY: throw .tooLarge(file: file, reason: reason)
    case CTIFF_TRUNCATED:
      throw .truncated(file: file, format: .tiff, reason: reason.isEmpty ? "data is missing" : reason)
    case CTIFF_UNSUPPORTED:
      throw .unsupported(file: file, format: .tiff, reason: reason)
    default: throw .corrupt(file: file, format: .tiff, reason: reason)
    }
  }
}
