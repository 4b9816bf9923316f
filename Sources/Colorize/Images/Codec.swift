// SPDX-License-Identifier: Apache-2.0

import CCodec
import DiffusionCore

/// The way through a picture library's wrapper, the same for every format: the header first, then room for the pixels, then
/// the pixels.
enum Codec {
  static let limits = codec_limits(
    max_side: UInt32(Image.maximumSide), max_pixels: UInt64(Image.maximumPixelCount))

  /// One call of a wrapper.
  typealias Call = (
    _ pixels: UnsafeMutablePointer<UInt8>?, _ capacity: Int, _ info: inout codec_info,
    _ message: UnsafeMutablePointer<CChar>
  ) -> codec_status

  /// Decodes a picture, and tells whether its file lacks an end marker.
  ///
  /// - Parameters:
  ///   - header: reads the header.
  ///   - body: reads header and pixels.
  static func decode(
    _ format: ImageFormat, file: String?, header: Call, body: Call
  ) throws(ImageError) -> (image: Image, lacksEnd: Bool) {
    var info = codec_info()
    try check(format, file: file, info: &info) { header(nil, 0, &$0, $1) }
    let (width, height, channels) = (Int(info.width), Int(info.height), Int(info.channels))
    try Image.checkRoom(width: width, height: height, channels: channels, file: file)
    let size = width * height * channels
    var failure: ImageError?
    let pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      do throws(ImageError) {
        try check(format, file: file, info: &info) { body(buffer.baseAddress, size, &$0, $1) }
        count = size
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    let image = try Image(width: width, height: height, channels: channels, pixels: pixels)
    return (image, info.lacks_end != 0)
  }

  /// Runs `call`, and throws what its status means for a file that is read.
  static func check(
    _ format: ImageFormat, file: String?, info: inout codec_info,
    _ call: (_ info: inout codec_info, _ message: UnsafeMutablePointer<CChar>) -> codec_status
  ) throws(ImageError) {
    let (status, reason) = withMessage { call(&info, $0) }
    if status == CODEC_TOO_LARGE {
      try Image.checkSize(width: Int(info.width), height: Int(info.height), file: file)
    }
    if let error = error(status, reading: format, reason: reason, file: file) { throw error }
  }

  /// Runs an encoder, and takes over what it made.
  static func encoded(
    _ format: ImageFormat,
    _ call: (
      _ encoded: inout UnsafeMutablePointer<UInt8>?, _ size: inout Int, _ message: UnsafeMutablePointer<CChar>
    ) -> codec_status
  ) throws(ImageError) -> [UInt8] {
    var encoded: UnsafeMutablePointer<UInt8>?
    var size = 0
    let (status, reason) = withMessage { call(&encoded, &size, $0) }
    defer { codec_free(encoded) }
    guard status == CODEC_OK else { throw .encodingFailed(format: format, reason: reason) }
    return [UInt8](UnsafeBufferPointer(start: encoded, count: size))
  }

  /// What a status means for a file that is read, nil for success.
  static func error(
    _ status: codec_status, reading format: ImageFormat, reason: String, file: String?
  ) -> ImageError? {
    switch status {
    case CODEC_OK: nil
    case CODEC_TRUNCATED: .truncated(file: file, format: format, reason: reason)
    case CODEC_TOO_LARGE, CODEC_OUT_OF_MEMORY: .tooLarge(file: file, reason: reason)
    default: .corrupt(file: file, format: format, reason: reason)
    }
  }

  /// Lends `call` room for a message.
  static func withMessage(
    _ call: (UnsafeMutablePointer<CChar>) -> codec_status
  ) -> (status: codec_status, message: String) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CODEC_MESSAGE_SIZE)) { buffer in
      buffer.initialize(repeating: 0)
      // The capacity is not zero, so there is an address.
      let address = buffer.baseAddress!
      let status = call(address)
      return (status, String(cString: address))
    }
  }
}

extension Image {
  /// Makes sure of memory for a picture, before an array of its size is asked for: that ends the program where there is
  /// none.
  ///
  /// What is asked for is the picture, two copies of it on its way (of another profile, turned upright), and a mask of it.
  package static func checkRoom(width: Int, height: Int, channels: Int, file: String?) throws(ImageError) {
    let needed = 3 * width * height * channels + 4 * width * height
    guard HostMemory.hasRoom(for: needed) else {
      throw .tooLarge(
        file: file,
        reason: "\(width) x \(height) pixels take \(needed >> 20) MiB of memory to read, and "
          + "\(HostMemory.availableByteCount >> 20) MiB are free")
    }
  }
}
