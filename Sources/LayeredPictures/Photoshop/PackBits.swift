// SPDX-License-Identifier: Apache-2.0

/// Apple's PackBits, which Photoshop documents compress rows with.
///
/// A byte `n` in 0...127 is followed by `n + 1` bytes as they are; one in 129...255 by a byte that is repeated
/// `257 - n` times. 128 is never written.
enum PackBits {
  /// Appends a packed row.
  ///
  /// - Returns: The number of bytes appended: at most one more for each 128 of the row.
  @discardableResult
  static func append(_ row: UnsafeBufferPointer<UInt8>, to packed: inout [UInt8]) -> Int {
    let before = packed.count
    var (literal, position) = (0, 0)
    func flush(upTo end: Int, _ packed: inout [UInt8]) {
      while literal < end {
        let length = min(128, end - literal)
        packed.append(UInt8(length - 1))
        packed.append(contentsOf: UnsafeBufferPointer(rebasing: row[literal..<literal + length]))
        literal += length
      }
    }
    while position < row.count {
      let value = row[position]
      var end = position + 1
      while end < row.count, row[end] == value { end += 1 }
      // Two equal bytes amid others cost nothing more as they are.
      if end - position >= 3 {
        flush(upTo: position, &packed)
        while position < end {
          let length = min(128, end - position)
          packed.append(length == 1 ? 0 : UInt8(257 - length))
          packed.append(value)
          position += length
        }
        literal = end
      }
      position = end
    }
    flush(upTo: row.count, &packed)
    return packed.count - before
  }
}
