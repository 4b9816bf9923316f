import CPNGIO

/// PNG to and from an ``Image``, through libpng.
enum PNGCoding {
  private static let limits = cpng_limits(
    max_side: UInt32(Image.maximumSide), max_pixels: UInt64(Image.maximumPixelCount))

  static func decode(_ data: [UInt8], file: String?) throws(ImageError) -> Image {
    // Twice through the header: the first time to learn how much to allocate.
    var info = try header(of: data, file: file)
    let size = Int(info.width) * Int(info.height) * Int(info.channels)
    var failure: ImageError?
    let pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      do throws(ImageError) {
        try check(file: file, info: &info) { info, message in
          cpng_decode(data, data.count, limits, buffer.baseAddress, size, &info, message)
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

  /// The size, checked against the limits, and the channels of the decoded image.
  static func header(of data: [UInt8], file: String?) throws(ImageError) -> cpng_info {
    var info = cpng_info()
    try check(file: file, info: &info) { info, message in
      cpng_read_info(data, data.count, limits, &info, message)
    }
    return info
  }

  static func encode(_ image: Image, texts: [PNGText.Entry]) throws(ImageError) -> [UInt8] {
    var bytes: [UInt8] = []
    let spans = texts.map { $0.append(to: &bytes) }
    var encoded: UnsafeMutablePointer<UInt8>?
    var size = 0
    let (status, reason) = withMessage { message in
      cpng_encode(
        image.pixels, UInt32(image.width), UInt32(image.height), UInt32(image.channels), bytes, spans, spans.count,
        &encoded, &size, message)
    }
    defer { cpng_free(encoded) }
    guard status == CPNG_OK else { throw .encodingFailed(format: .png, reason: reason) }
    return [UInt8](UnsafeBufferPointer(start: encoded, count: size))
  }

  /// Runs `call`, and throws what its status means.
  private static func check(
    file: String?, info: inout cpng_info,
    _ call: (_ info: inout cpng_info, _ message: UnsafeMutablePointer<CChar>) -> cpng_status
  ) throws(ImageError) {
    let (status, reason) = withMessage { call(&info, $0) }
    if status == CPNG_TOO_LARGE {
      try Image.checkSize(width: Int(info.width), height: Int(info.height), file: file)
    }
    if let error = error(status, reason: reason, file: file) { throw error }
  }

  /// What a status means, or nil for success.
  static func error(_ status: cpng_status, reason: String, file: String?) -> ImageError? {
    switch status {
    case CPNG_OK: nil
    case CPNG_TRUNCATED: .truncated(file: file, format: .png, reason: reason)
    case CPNG_TOO_LARGE, CPNG_OUT_OF_MEMORY: .tooLarge(file: file, reason: reason)
    default: .corrupt(file: file, format: .png, reason: reason)
    }
  }

  /// Lends `call` room for a message.
  static func withMessage<Status>(
    _ call: (UnsafeMutablePointer<CChar>) -> Status
  ) -> (status: Status, message: String) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CPNG_MESSAGE_SIZE)) { buffer in
      buffer.initialize(repeating: 0)
      // The capacity is not zero, so there is an address.
      let address = buffer.baseAddress!
      let status = call(address)
      return (status, String(cString: address))
    }
  }
}
