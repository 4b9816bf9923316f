import CZlib

/// A zip file of few and large entries, after PKWARE's APPNOTE 6.3: each stored or deflated, sizes of 32 bits.
struct ZipWriter {
  private struct Entry {
    let name: [UInt8]
    let header: ZipHeader
    let offset: UInt32
  }

  private let sink: ByteSink
  private var entries: [Entry] = []

  init(sink: ByteSink) {
    self.sink = sink
  }

  /// Adds a file.
  ///
  /// - Parameters:
  ///   - name: Its path in the archive, in ASCII.
  ///   - deflated: Whether to compress it.
  mutating func add(_ bytes: [UInt8], as name: String, deflated: Bool = false) throws {
    // The sink refuses files whose offsets would not fit; the size of what is added is asked first.
    guard bytes.count <= Int(UInt32.max) else {
      throw LayeredPictureError.tooLarge(
        reason: "A layer of \(bytes.count) bytes, where a zip file holds \(UInt32.max). Give smaller layers")
    }
    let packed = deflated ? try Deflate.compressed(bytes) : bytes
    let header = ZipHeader(
      method: deflated ? 8 : 0, checksum: Deflate.checksum(bytes), packedSize: UInt32(packed.count),
      size: UInt32(bytes.count))
    let entry = Entry(name: Array(name.utf8), header: header, offset: UInt32(sink.position))
    try sink.append(littleEndian: UInt32(0x0403_4B50))
    try header.append(to: sink)
    try sink.append(littleEndian: UInt16(entry.name.count))
    try sink.append(littleEndian: UInt16(0))
    try sink.append(entry.name)
    try sink.append(packed)
    entries.append(entry)
  }

  /// Writes the directory, which ends the file.
  func finish() throws {
    guard entries.count < Int(UInt16.max) else {
      throw LayeredPictureError.tooLarge(
        reason: "\(entries.count) files, where a zip file holds \(UInt16.max - 1). Give fewer layers")
    }
    let start = sink.position
    for entry in entries {
      try sink.append(littleEndian: UInt32(0x0201_4B50))
      try sink.append(littleEndian: UInt16(20))
      try entry.header.append(to: sink)
      try sink.append(littleEndian: UInt16(entry.name.count))
      // No extra field, no comment, the first disk, no attributes.
      try sink.append([UInt8](repeating: 0, count: 12))
      try sink.append(littleEndian: entry.offset)
      try sink.append(entry.name)
    }
    let size = sink.position - start
    try sink.append(littleEndian: UInt32(0x0605_4B50))
    try sink.append(littleEndian: UInt32(0))
    try sink.append(littleEndian: UInt16(entries.count))
    try sink.append(littleEndian: UInt16(entries.count))
    try sink.append(littleEndian: UInt32(size))
    try sink.append(littleEndian: UInt32(start))
    try sink.append(littleEndian: UInt16(0))
  }
}

/// What an entry's own header and the directory say alike.
private struct ZipHeader {
  let method: UInt16
  let checksum: UInt32
  let packedSize: UInt32
  let size: UInt32

  func append(to sink: ByteSink) throws {
    try sink.append(littleEndian: UInt16(20))
    // Names are ASCII, so the flag for UTF-8 is not needed.
    try sink.append(littleEndian: UInt16(0))
    try sink.append(littleEndian: method)
    // Always the first moment that the format knows, 1980-01-01 00:00: the same picture gives the same bytes.
    try sink.append(littleEndian: UInt16(0))
    try sink.append(littleEndian: UInt16(0x21))
    try sink.append(littleEndian: checksum)
    try sink.append(littleEndian: packedSize)
    try sink.append(littleEndian: size)
  }
}
