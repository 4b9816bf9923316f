/// What libpng's and libjpeg's wrappers report: a status, and words for it.
enum CodecStatus {
  case done
  case truncated
  case tooLarge
  case outOfMemory
  case corrupt

  /// The error that the status means for a file that is read, nil if there is none.
  func error(reading format: ImageFormat, reason: String, file: String?) -> ImageError? {
    switch self {
    case .done: nil
    case .truncated: .truncated(file: file, format: format, reason: reason)
    case .tooLarge, .outOfMemory: .tooLarge(file: file, reason: reason)
    case .corrupt: .corrupt(file: file, format: format, reason: reason)
    }
  }

  /// Lends `call` room for a message of at most `capacity` bytes, its final zero included.
  static func withMessage<Status>(
    capacity: some BinaryInteger, _ call: (UnsafeMutablePointer<CChar>) -> Status
  ) -> (status: Status, message: String) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: max(1, Int(capacity))) { buffer in
      buffer.initialize(repeating: 0)
      // The capacity is not zero, so there is an address.
      let address = buffer.baseAddress!
      let status = call(address)
      return (status, String(cString: address))
    }
  }

  /// Pixels decoded by `body` into memory of that size.
  static func pixels(
    count size: Int, _ body: (UnsafeMutablePointer<UInt8>?) throws(ImageError) -> Void
  ) throws(ImageError) -> [UInt8] {
    var failure: ImageError?
    let pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      do throws(ImageError) {
        try body(buffer.baseAddress)
        count = size
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return pixels
  }
}
