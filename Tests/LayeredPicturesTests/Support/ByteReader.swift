// SPDX-License-Identifier: Apache-2.0

import Testing

/// Reads numbers of either byte order, and records an issue beyond the end.
struct ByteReader {
  struct OutOfBounds: Error {}

  let bytes: [UInt8]
  var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var rest: Int { bytes.count - position }

  mutating func take(_ count: Int) throws -> [UInt8] {
    guard count >= 0, count <= rest else { throw OutOfBounds() }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  mutating func big<T: FixedWidthInteger>(_: T.Type) throws -> T {
    try take(T.bitWidth / 8).reduce(0) { $0 << 8 | T(truncatingIfNeeded: $1) }
  }

  mutating func little<T: FixedWidthInteger>(_: T.Type) throws -> T {
    try take(T.bitWidth / 8).reversed().reduce(0) { $0 << 8 | T(truncatingIfNeeded: $1) }
  }

  mutating func text(_ count: Int) throws -> String { String(decoding: try take(count), as: UTF8.self) }
}
