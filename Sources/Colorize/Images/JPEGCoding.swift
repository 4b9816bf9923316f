import CJPEG

/// JPEG to and from an ``Image``, through libjpeg.
enum JPEGCoding {
  private static let limits = cjpeg_limits(
    max_side: UInt32(Image.maximumSide), max_pixels: UInt64(Image.maximumPixelCount))

  /// The image as it is stored; its EXIF orientation is not applied.
  static func decode(_ data: [UInt8], file: String?) throws(ImageError) -> Image {
    var info = cjpeg_info()
    // Twice through the header: the first time to learn how much to allocate.
    try check(file: file, info: &info) { info, message in
      cjpeg_read_info(data, data.count, limits, &info, message)
    }
    let size = Int(info.width) * Int(info.height) * Int(info.channels)
    var failure: ImageError?
    let pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      do throws(ImageError) {
        try check(file: file, info: &info) { info, message in
          cjpeg_decode(data, data.count, limits, buffer.baseAddress, size, &info, message)
        }
        count = size
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return try Image(
      width: Int(info.width), height: Int(info.height), channels: Int(info.channels), pixels: pixels)
  }

  /// - Parameters:
  ///   - image: One or three channels.
  ///   - quality: 1...100.
  static func encode(_ image: Image, quality: Int) throws(ImageError) -> [UInt8] {
    var encoded: UnsafeMutablePointer<UInt8>?
    var size = 0
    let (status, reason) = withMessage { message in
      cjpeg_encode(
        image.pixels, UInt32(image.width), UInt32(image.height), UInt32(image.channels), Int32(quality), &encoded,
        &size, message)
    }
    defer { cjpeg_free(encoded) }
    guard status == CJPEG_OK else { throw .encodingFailed(format: .jpeg, reason: reason) }
    return [UInt8](UnsafeBufferPointer(start: encoded, count: size))
  }

  /// Runs `call`, and throws what its status means.
  private static func check(
    file: String?, info: inout cjpeg_info,
    _ call: (_ info: inout cjpeg_info, _ message: UnsafeMutablePointer<CChar>) -> cjpeg_status
  ) throws(ImageError) {
    let (status, reason) = withMessage { call(&info, $0) }
    switch status {
    case CJPEG_OK:
      return
    case CJPEG_TRUNCATED:
      throw .truncated(file: file, format: .jpeg, reason: reason)
    case CJPEG_TOO_LARGE:
      try Image.checkSize(width: Int(info.width), height: Int(info.height), file: file)
      throw .tooLarge(file: file, reason: reason)
    case CJPEG_OUT_OF_MEMORY:
      throw .tooLarge(file: file, reason: reason)
    default:
      throw .corrupt(file: file, format: .jpeg, reason: reason)
    }
  }

  /// Lends `call` room for a message.
  private static func withMessage(
    _ call: (UnsafeMutablePointer<CChar>) -> cjpeg_status
  ) -> (status: cjpeg_status, message: String) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CJPEG_MESSAGE_SIZE)) { buffer in
      buffer.initialize(repeating: 0)
      // The capacity is not zero, so there is an address.
      let address = buffer.baseAddress!
      let status = call(address)
      return (status, String(cString: address))
    }
  }
}
