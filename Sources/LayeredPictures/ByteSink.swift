// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Glibc

/// Where a file goes, piece by piece: into memory, or to a descriptor through a buffer.
package final class ByteSink {
  private static let bufferSize = 1 << 20

  private var buffer: [UInt8] = []
  private let descriptor: Int32?
  private var flushedCount = 0
  private let limit: Int
  private let advice: String

  /// - Parameters:
  ///   - descriptor: Nil to keep all in memory.
  ///   - limit: The most bytes that the format allows.
  ///   - advice: What to say beyond it.
  package init(descriptor: Int32? = nil, limit: Int, advice: String) {
    self.descriptor = descriptor
    self.limit = limit
    self.advice = advice
  }

  /// Bytes so far.
  package var position: Int { flushedCount + buffer.count }

  /// All bytes, where they are kept in memory.
  package var bytes: [UInt8] { buffer }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    guard bytes.count <= limit - position else {
      throw LayeredPictureError.tooLarge(reason: "The file would be larger than \(limit) bytes. \(advice)")
    }
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.bufferSize { try flush() }
  }

  package func append(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try append($0) }
  }

  func append(ascii text: StaticString) throws {
    try append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  func append(bigEndian value: some FixedWidthInteger) throws {
    try withUnsafeBytes(of: value.bigEndian) { try append($0) }
  }

  func append(littleEndian value: some FixedWidthInteger) throws {
    try withUnsafeBytes(of: value.littleEndian) { try append($0) }
  }

  /// Replaces bytes that were appended before.
  package func patch(_ bytes: [UInt8], at offset: Int) throws {
    guard let descriptor else {
      buffer.replaceSubrange(offset..<offset + bytes.count, with: bytes)
      return
    }
    try flush()
    try bytes.withUnsafeBytes { bytes in
      try Self.repeated(bytes) { pwrite(descriptor, $0, $1, off_t(offset + $2)) }
    }
  }

  func patch(bigEndian value: some FixedWidthInteger, at offset: Int) throws {
    try patch(withUnsafeBytes(of: value.bigEndian) { Array($0) }, at: offset)
  }

  /// Hands the buffer to the system. Does nothing in memory.
  package func flush() throws {
    guard let descriptor, !buffer.isEmpty else { return }
    try buffer.withUnsafeBytes { bytes in
      try Self.repeated(bytes) { address, count, _ in write(descriptor, address, count) }
    }
    flushedCount += buffer.count
    buffer.removeAll(keepingCapacity: true)
  }

  // A call may take fewer bytes than it is given.
  private static func repeated(
    _ bytes: UnsafeRawBufferPointer, _ call: (UnsafeRawPointer?, _ count: Int, _ done: Int) -> Int
  ) throws {
    var done = 0
    while done < bytes.count {
      let written = call(bytes.baseAddress.map { $0 + done }, bytes.count - done, done)
      if written > 0 {
        done += written
      } else if written == 0 {
        throw SystemError(code: EIO)
      } else if errno != EINTR {
        throw SystemError.last
      }
    }
  }
}
