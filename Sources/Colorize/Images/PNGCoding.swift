import CPNGIO

/// PNG to and from an ``Image``, through libpng.
enum PNGCoding {
  private static let limits = cpng_limits(
    max_side: UInt32(Image.maximumSide), max_pixels: UInt64(Image.maximumPixelCount))

  static func decode(_ data: [UInt8], file: String?) throws(ImageError) -> Image {
    // Twice through the header: the first time to learn how much to allocate.
    var info = try header(of: data, file: file)
    let size = Int(info.width) * Int(info.height) * Int(info.channels)
    let pixels = try CodecStatus.pixels(count: size) { address throws(ImageError) in
      try check(file: file, info: &info) { info, message in
        cpng_decode(data, data.count, limits, address, size, &info, message)
      }
    }
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

  /// The file's ICC profile, without content if it cannot be read.
  static func profile(of data: [UInt8]) -> [UInt8] {
    var profile: UnsafeMutablePointer<UInt8>?
    var size = 0
    let (status, _) = withMessage { cpng_read_profile(data, data.count, &profile, &size, $0) }
    defer { cpng_free(profile) }
    guard status == CPNG_OK, let profile else { return [] }
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
    var info = cpng_info()
    try check(file: file, info: &info) { info, message in
      cpng_decode_numbers(data, data.count, limits, nil, 0, &info, message)
    }
    var values = [UInt32](repeating: 0, count: Int(info.width) * Int(info.height))
    try check(file: file, info: &info) { info, message in
      cpng_decode_numbers(data, data.count, limits, &values, values.count, &info, message)
    }
    return (Int(info.width), Int(info.height), values)
  }

  /// Runs an encoder with the texts laid out for it, and takes over what it made.
  private static func encode(
    _ texts: [PNGText.Entry],
    _ call: (
      _ bytes: [UInt8], _ spans: [cpng_text_span], _ encoded: inout UnsafeMutablePointer<UInt8>?, _ size: inout Int,
      _ message: UnsafeMutablePointer<CChar>
    ) -> cpng_status
  ) throws(ImageError) -> [UInt8] {
    var bytes: [UInt8] = []
    let spans = texts.map { $0.append(to: &bytes) }
    var encoded: UnsafeMutablePointer<UInt8>?
    var size = 0
    let (status, reason) = withMessage { call(bytes, spans, &encoded, &size, $0) }
    defer { cpng_free(encoded) }
    guard status == CPNG_OK else { throw .encodingFailed(format: .png, reason: reason) }
    return [UInt8](UnsafeBufferPointer(start: encoded, count: size))
  }

  /// Pixels per metre of pixels per inch, at most 65 535; 0 for none.
  private static func density(_ perInch: Double?) -> UInt32 {
    perInch.map { UInt32(($0 * ImageResolution.inchesPerMeter).rounded()) } ?? 0
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
    let status: CodecStatus =
      switch status {
      case CPNG_OK: .done
      case CPNG_TRUNCATED: .truncated
      case CPNG_TOO_LARGE: .tooLarge
      case CPNG_OUT_OF_MEMORY: .outOfMemory
      default: .corrupt
      }
    return status.error(reading: .png, reason: reason, file: file)
  }

  /// Lends `call` room for a message.
  static func withMessage(
    _ call: (UnsafeMutablePointer<CChar>) -> cpng_status
  ) -> (status: cpng_status, message: String) {
    CodecStatus.withMessage(capacity: CPNG_MESSAGE_SIZE, call)
  }
}
