import CZlib

/// Takes single files out of a zip file that is held in memory.
///
/// Only what a palette needs: stored and deflated files, neither encrypted nor of the 64-bit kind. Sizes are checked
/// against a limit and against the data before anything is allocated, checksums after.
struct ZipReader {
  private struct Item {
    let method: UInt16
    let checksum: UInt32
    let packedSize: Int
    let size: Int
    /// Of its own header, in front of its data.
    let header: Int
  }

  private let source: PaletteSource
  private var items: [String: Item] = [:]

  /// Deflate cannot shrink by more than this.
  private static let maximumRatio = 1032
  private static let maximumItemCount = 4096
  private static let endSize = 22
  private static let entrySize = 46
  private static let headerSize = 30

  /// Reads the directory, which stands at the end.
  init(_ source: PaletteSource) throws(PaletteError) {
    self.source = source
    let bytes = source.bytes
    let last = bytes.count - Self.endSize
    // A comment may follow, of at most 65,535 bytes.
    guard last >= 0,
      let end = stride(from: last, through: max(0, last - 65_535), by: -1).first(where: {
        bytes[$0] == 0x50 && bytes[$0 + 1] == 0x4B && bytes[$0 + 2] == 0x05 && bytes[$0 + 3] == 0x06
      })
    else { throw source.truncated("the directory of the zip file is missing") }
    let count = number(at: end + 10, size: 2)
    var place = number(at: end + 16, size: 4)
    guard count <= Self.maximumItemCount else {
      throw source.damaged(at: end + 10, "\(count) files in the zip file, where a palette has a few")
    }
    for _ in 0..<count {
      guard place <= end - Self.entrySize, number(at: place, size: 4) == 0x0201_4B50 else {
        throw source.damaged(at: min(place, bytes.count), "an entry of the directory is missing")
      }
      let nameSize = number(at: place + 28, size: 2)
      let next = place + Self.entrySize + nameSize + number(at: place + 30, size: 2) + number(at: place + 32, size: 2)
      guard next <= end else { throw source.damaged(at: place, "an entry of the directory is too long") }
      let name = PaletteSource.text(bytes[place + Self.entrySize..<place + Self.entrySize + nameSize])
      guard number(at: place + 8, size: 2) & 1 == 0 else { throw source.damaged(at: place, "\(name) is encrypted") }
      items[name] = Item(
        method: UInt16(number(at: place + 10, size: 2)), checksum: UInt32(number(at: place + 16, size: 4)),
        packedSize: number(at: place + 20, size: 4), size: number(at: place + 24, size: 4),
        header: number(at: place + 42, size: 4))
      place = next
    }
  }

  /// The bytes of a file.
  ///
  /// - Parameter limit: the most bytes that are made.
  func contents(of name: String, limit: Int) throws(PaletteError) -> [UInt8] {
    guard let item = items[name] else { throw source.damaged(at: 0, "the zip file holds no \(name)") }
    guard item.size <= limit else {
      throw .tooLarge(file: source.file, reason: "a \(name) of \(item.size) bytes, where at most \(limit) are read")
    }
    let count = source.bytes.count
    guard item.header <= count - Self.headerSize, number(at: item.header, size: 4) == 0x0403_4B50 else {
      throw source.damaged(at: min(item.header, count), "the header of \(name) is missing")
    }
    let start =
      item.header + Self.headerSize + number(at: item.header + 26, size: 2) + number(at: item.header + 28, size: 2)
    guard start <= count, item.packedSize <= count - start else {
      throw source.damaged(at: item.header, "\(name) ends after the data")
    }
    let packed = source.bytes[start..<start + item.packedSize]
    let contents: [UInt8]
    switch item.method {
    case 0 where item.packedSize == item.size: contents = Array(packed)
    case 8: contents = try inflated(packed, size: item.size, name: name)
    default: throw source.damaged(at: item.header, "\(name) is packed by the method \(item.method), not by deflate")
    }
    let checksum = contents.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }
    guard checksum == UInt(item.checksum) else { throw source.damaged(at: start, "the checksum of \(name) is wrong") }
    return contents
  }

  private func inflated(_ packed: ArraySlice<UInt8>, size: Int, name: String) throws(PaletteError) -> [UInt8] {
    let start = packed.startIndex
    guard size / Self.maximumRatio <= packed.count else {
      throw source.damaged(at: start, "\(name) is too short for its size")
    }
    var input = Array(packed)
    var used = 0
    var isWhole = false
    let contents = [UInt8](unsafeUninitializedCapacity: size) { output, count in
      input.withUnsafeMutableBufferPointer { input in
        var stream = z_stream()
        // Negative: deflate as it is, without zlib's own header.
        guard
          inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return }
        defer { inflateEnd(&stream) }
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(size)
        isWhole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 0
        used = input.count - Int(stream.avail_in)
        count = size - Int(stream.avail_out)
      }
    }
    guard isWhole else { throw source.damaged(at: start + used, "\(name) cannot be unpacked") }
    return contents
  }

  /// A number of `size` bytes, the lowest first. The caller has seen that they are there.
  private func number(at place: Int, size: Int) -> Int {
    (0..<size).reduce(0) { $0 | Int(source.bytes[place + $1]) << (8 * $1) }
  }
}
