// SPDX-License-Identifier: Apache-2.0

import Colorize

/// Memory that is lent to decoders.
enum CodecBuffers {
  /// Lends `call` room for a message of at most `capacity` bytes, its final zero included.
  static func withMessage<Status>(
    capacity: Int, _ call: (UnsafeMutablePointer<CChar>) -> Status
  ) -> (status: Status, message: String) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: max(1, capacity)) { buffer in
      buffer.initialize(repeating: 0)
      // The capacity is not zero, so there is an address.
      let address = buffer.baseAddress!
      let status = call(address)
      return (status, String(cString: address))
    }
  }

  /// Samples that `body` puts into memory of that size.
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

  /// Checks a picture's size against the limits and against the memory that is free, before anything of that size is
  /// allocated.
  static func check(width: Int, height: Int, file: String?) throws(ImageError) {
    try Image.checkSize(width: width, height: height, file: file)
    try Image.checkRoom(width: width, height: height, channels: 4, file: file)
  }
}

/// Numbers of a file in memory, none of which is past its end.
struct FileBytes {
  let bytes: [UInt8]
  let file: String?
  let format: ImageFormat
  private(set) var offset = 0

  init(_ bytes: [UInt8], file: String?, format: ImageFormat) {
    self.bytes = bytes
    self.file = file
    self.format = format
  }

  var remaining: Int { bytes.count - offset }

  /// The place of the next `count` bytes, which are passed over.
  ///
  /// - Parameter what: completes "... ends early".
  mutating func take(_ count: Int, _ what: String) throws(ImageError) -> Range<Int> {
    guard count >= 0, count <= remaining else {
      throw .truncated(file: file, format: format, reason: "\(what) ends early")
    }
    defer { offset += count }
    return offset..<offset + count
  }

  /// A number of `size` bytes, at most 7, the highest first.
  mutating func bigEndian(_ size: Int, _ what: String) throws(ImageError) -> Int {
    try take(size, what).reduce(0) { $0 << 8 | Int(bytes[$1]) }
  }

  /// A number of 64 bits, the highest byte first. One that no file is as long as is damage.
  mutating func bigEndian64(_ what: String) throws(ImageError) -> Int {
    let high = try bigEndian(4, what)
    let low = try bigEndian(4, what)
    guard high < 1 << 30 else { throw damaged("\(what) is too long") }
    return high << 32 | low
  }

  func damaged(_ reason: String) -> ImageError { .corrupt(file: file, format: format, reason: reason) }
  func unsupported(_ reason: String) -> ImageError { .unsupported(file: file, format: format, reason: reason) }
}
