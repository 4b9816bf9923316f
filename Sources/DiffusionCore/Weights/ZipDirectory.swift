// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a zip file.
package struct ZipFailure: Error, Sendable, Hashable {
  /// Where, from the first byte of the file.
  package let offset: Int
  /// What, in words: a clause.
  package let reason: String
  /// Whether the end of the file is missing.
  package var isTruncation = false

  package init(offset: Int, reason: String, isTruncation: Bool = false) {
    self.offset = offset
    self.reason = reason
    self.isTruncation = isTruncation
  }
}

/// The directory of a zip file, of the 64-bit kind too, after PKWARE's application note 6.3.10.
///
/// Nothing is unpacked here, and nothing allocated but the names. Every place is checked before it is read. Encrypted
/// files are refused.
package struct ZipDirectory: Sendable {
  /// A file in the archive.
  package struct Item: Sendable, Hashable {
    package let name: String
    /// 0 is stored, 8 deflated.
    package let method: Int
    package let checksum: UInt32
    package let packedSize: Int
    package let size: Int
    /// Where its own header is, which stands before its data.
    package let header: Int
  }

  /// All files, in the order of the directory.
  package let items: [Item]

  private static let endSize = 22
  private static let largeEndSize = 56
  private static let locatorSize = 20
  private static let entrySize = 46
  private static let headerSize = 30

  /// Reads the directory, which stands at the end.
  package init(_ bytes: UnsafeRawBufferPointer, maximumItemCount: Int) throws(ZipFailure) {
    func number(_ place: Int, _ size: Int) -> Int { Self.number(bytes, at: place, size: size) }
    let last = bytes.count - Self.endSize
    // A comment may follow, of at most 65,535 bytes.
    guard last >= 0,
      let end = stride(from: last, through: max(0, last - 65_535), by: -1).first(where: {
        bytes[$0] == 0x50 && bytes[$0 + 1] == 0x4B && bytes[$0 + 2] == 0x05 && bytes[$0 + 3] == 0x06
      })
    else {
      throw ZipFailure(
        offset: bytes.count, reason: "the directory at the end of the zip file is missing, so the file is cut short",
        isTruncation: true)
    }
    var count = number(end + 10, 2)
    var place = number(end + 16, 4)
    let locator = end - Self.locatorSize
    if locator >= 0, number(locator, 4) == 0x0706_4B50 {
      let record = number(locator + 8, 8)
      guard record >= 0, record <= locator - Self.largeEndSize, number(record, 4) == 0x0606_4B50 else {
        throw ZipFailure(offset: locator, reason: "the large directory of the zip file is missing")
      }
      count = number(record + 32, 8)
      place = number(record + 48, 8)
    }
    guard count >= 0, count <= maximumItemCount else {
      throw ZipFailure(
        offset: end + 10, reason: "\(count) files in the zip file, where at most \(maximumItemCount) are read")
    }
    var items: [Item] = []
    for _ in 0..<count {
      guard place >= 0, place <= end - Self.entrySize, number(place, 4) == 0x0201_4B50 else {
        throw ZipFailure(
          offset: max(0, min(place, bytes.count)), reason: "an entry of the directory is missing")
      }
      let nameSize = number(place + 28, 2)
      let extraSize = number(place + 30, 2)
      let next = place + Self.entrySize + nameSize + extraSize + number(place + 32, 2)
      guard next <= end else { throw ZipFailure(offset: place, reason: "an entry of the directory is too long") }
      let nameStart = place + Self.entrySize
      let name = String(decoding: bytes[nameStart..<nameStart + nameSize], as: UTF8.self)
      guard number(place + 8, 2) & 1 == 0 else { throw ZipFailure(offset: place, reason: "\(name) is encrypted") }
      var sizes = [number(place + 24, 4), number(place + 20, 4), number(place + 42, 4)]
      try Self.enlarge(&sizes, bytes, extra: nameStart + nameSize..<nameStart + nameSize + extraSize)
      guard sizes.allSatisfy({ $0 >= 0 }) else {
        throw ZipFailure(offset: place, reason: "the size of \(name) makes no sense")
      }
      items.append(
        Item(
          name: name, method: number(place + 10, 2), checksum: UInt32(truncatingIfNeeded: number(place + 16, 4)),
          packedSize: sizes[1], size: sizes[0], header: sizes[2]))
      place = next
    }
    self.items = items
  }

  /// The place of a file's packed bytes.
  package func place(of item: Item, in bytes: UnsafeRawBufferPointer) throws(ZipFailure) -> Range<Int> {
    guard item.header <= bytes.count - Self.headerSize, Self.number(bytes, at: item.header, size: 4) == 0x0403_4B50
    else {
      throw ZipFailure(offset: min(item.header, bytes.count), reason: "the header of \(item.name) is missing")
    }
    let start =
      item.header + Self.headerSize + Self.number(bytes, at: item.header + 26, size: 2)
      + Self.number(bytes, at: item.header + 28, size: 2)
    guard start <= bytes.count, item.packedSize <= bytes.count - start else {
      throw ZipFailure(offset: item.header, reason: "\(item.name) ends after the data")
    }
    return start..<start + item.packedSize
  }

  /// Takes numbers that do not fit in 32 bits from the extra field 1, where they stand in this order.
  private static func enlarge(
    _ sizes: inout [Int], _ bytes: UnsafeRawBufferPointer, extra: Range<Int>
  ) throws(ZipFailure) {
    guard sizes.contains(0xFFFF_FFFF) else { return }
    var place = extra.lowerBound
    while place + 4 <= extra.upperBound {
      let size = number(bytes, at: place + 2, size: 2)
      guard size <= extra.upperBound - place - 4 else { break }
      if number(bytes, at: place, size: 2) == 1 {
        var next = place + 4
        for index in sizes.indices where sizes[index] == 0xFFFF_FFFF {
          guard next + 8 <= place + 4 + size else { break }
          sizes[index] = number(bytes, at: next, size: 8)
          next += 8
        }
        return
      }
      place += 4 + size
    }
  }

  /// A number of `size` bytes, the lowest first; negative if it does not fit. The caller has seen that they are there.
  private static func number(_ bytes: UnsafeRawBufferPointer, at place: Int, size: Int) -> Int {
    var value: UInt64 = 0
    for index in 0..<size { value |= UInt64(bytes[place + index]) << UInt64(8 * index) }
    return Int(truncatingIfNeeded: value)
  }
}
