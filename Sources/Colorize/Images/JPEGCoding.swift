import CJPEG

/// JPEG to and from an ``Image``, through libjpeg.
enum JPEGCoding {
  private static let limits = cjpeg_limits(
    max_side: UInt32(Image.maximumSide), max_pixels: UInt64(Image.maximumPixelCount))

  /// The image as it is stored, its EXIF orientation not applied, and whether the file lacks its end marker.
  static func decode(_ data: [UInt8], file: String?) throws(ImageError) -> (image: Image, lacksEnd: Bool) {
    var info = cjpeg_info()
    // Twice through the header: the first time to learn how much to allocate.
    try check(file: file, info: &info) { info, message in
      cjpeg_read_info(data, data.count, limits, &info, message)
    }
    let size = Int(info.width) * Int(info.height) * Int(info.channels)
    let pixels = try CodecStatus.pixels(count: size) { address throws(ImageError) in
      try check(file: file, info: &info) { info, message in
        cjpeg_decode(data, data.count, limits, address, size, &info, message)
      }
    }
    let image = try Image(
      width: Int(info.width), height: Int(info.height), channels: Int(info.channels), pixels: pixels)
    return (image, info.lacks_end != 0)
  }

  /// - Parameters:
  ///   - image: One or three channels.
  ///   - quality: 1...100.
  static func encode(
    _ image: Image, quality: Int, resolution: ImageResolution?
  ) throws(ImageError) -> [UInt8] {
    var encoded: UnsafeMutablePointer<UInt8>?
    var size = 0
    let (status, reason) = withMessage { message in
      cjpeg_encode(
        image.pixels, UInt32(image.width), UInt32(image.height), UInt32(image.channels), Int32(quality),
        density(resolution?.horizontal), density(resolution?.vertical), &encoded, &size, message)
    }
    defer { cjpeg_free(encoded) }
    guard status == CJPEG_OK else { throw .encodingFailed(format: .jpeg, reason: reason) }
    return [UInt8](UnsafeBufferPointer(start: encoded, count: size))
  }

  /// Whole pixels per inch, 1...65535; 0 for none.
  private static func density(_ perInch: Double?) -> UInt32 { perInch.map { UInt32($0.rounded()) } ?? 0 }

  /// Runs `call`, and throws what its status means.
  private static func check(
    file: String?, info: inout cjpeg_info,
    _ call: (_ info: inout cjpeg_info, _ message: UnsafeMutablePointer<CChar>) -> cjpeg_status
  ) throws(ImageError) {
    let (status, reason) = withMessage { call(&info, $0) }
    if status == CJPEG_TOO_LARGE {
      try Image.checkSize(width: Int(info.width), height: Int(info.height), file: file)
    }
    if let error = error(status, reason: reason, file: file) { throw error }
  }

  /// What a status means, or nil for success.
  private static func error(_ status: cjpeg_status, reason: String, file: String?) -> ImageError? {
    let status: CodecStatus =
      switch status {
      case CJPEG_OK: .done
      case CJPEG_TRUNCATED: .truncated
      case CJPEG_TOO_LARGE: .tooLarge
      case CJPEG_OUT_OF_MEMORY: .outOfMemory
      default: .corrupt
      }
    return status.error(reading: .jpeg, reason: reason, file: file)
  }

  /// Lends `call` room for a message.
  private static func withMessage(
    _ call: (UnsafeMutablePointer<CChar>) -> cjpeg_status
  ) -> (status: cjpeg_status, message: String) {
    CodecStatus.withMessage(capacity: CJPEG_MESSAGE_SIZE, call)
  }
}
