// SPDX-License-Identifier: Apache-2.0

/// Makes a zip file of few entries, after PKWARE's APPNOTE 6.3: each stored or deflated, sizes of 32 bits.
package struct ZipWriter {
  /// More than the format has room for; `reason` says what, and what to do.
  package struct Failure: Error, Equatable {
    package let reason: String
  }

  private struct Entry {
    let name: [UInt8]
    let header: [UInt8]
    let offset: UInt32
  }

  private let append: ([UInt8]) throws -> Void
  private var position = 0
  private var entries: [Entry] = []

  /// - Parameter append: takes the file's bytes, piece by piece.
  package init(append: @escaping ([UInt8]) throws -> Void) { self.append = append }

  /// A zip file in memory, of files that are stored as they are.
  static func data(_ files: [(name: String, contents: [UInt8])]) throws -> [UInt8] {
    var data: [UInt8] = []
    try withoutActuallyEscaping({ (bytes: [UInt8]) in data += bytes }) { append in
      var zip = ZipWriter(append: append)
      for (name, contents) in files { try zip.add(contents, as: name) }
      try zip.finish()
    }
    return data
  }

  /// Adds a file.
  ///
  /// - Parameters:
  ///   - name: Its path in the archive.
  ///   - deflated: Whether to compress it.
  package mutating func add(_ bytes: [UInt8], as name: String, deflated: Bool = false) throws {
    guard bytes.count <= Int(UInt32.max), let offset = UInt32(exactly: position) else {
      throw Failure(
        reason: "An entry of \(bytes.count) bytes at byte \(position), where a zip file holds \(UInt32.max). Give less")
    }
    let packed = deflated ? try Deflate.compressed(bytes) : bytes
    let isASCII = name.utf8.allSatisfy { $0 < 0x80 }
    var header: [UInt8] = []
    header.append(littleEndian: UInt16(20))  // the version that unpacks it
    header.append(littleEndian: UInt16(isASCII ? 0 : 0x0800))  // whether the name is UTF-8
    header.append(littleEndian: UInt16(deflated ? 8 : 0))
    // Always the first moment that the format knows, 1980-01-01 00:00: the same content gives the same bytes.
    header.append(littleEndian: UInt32(0x0021_0000))
    header.append(littleEndian: Deflate.checksum(bytes))
    header.append(littleEndian: UInt32(packed.count))
    header.append(littleEndian: UInt32(bytes.count))
    header.append(littleEndian: UInt16(name.utf8.count))
    let entry = Entry(name: Array(name.utf8), header: header, offset: offset)
    entries.append(entry)

    var start: [UInt8] = []
    start.append(littleEndian: UInt32(0x0403_4B50))
    start += header
    start.append(littleEndian: UInt16(0))  // no extra field
    try put(start + entry.name)
    try put(packed)
  }

  /// Writes the directory, which ends the file.
  package mutating func finish() throws {
    guard entries.count < Int(UInt16.max), let start = UInt32(exactly: position) else {
      throw Failure(
        reason: "\(entries.count) files, where a zip file holds \(UInt16.max - 1). Give fewer layers")
    }
    for entry in entries {
      var record: [UInt8] = []
      record.append(littleEndian: UInt32(0x0201_4B50))
      record.append(littleEndian: UInt16(20))
      record += entry.header
      // No extra field, no comment, the first disk, no attributes.
      record += [UInt8](repeating: 0, count: 12)
      record.append(littleEndian: entry.offset)
      try put(record + entry.name)
    }
    guard let size = UInt32(exactly: position - Int(start)) else { throw Failure(reason: "The directory is too long") }
    var end: [UInt8] = []
    end.append(littleEndian: UInt32(0x0605_4B50))
    end.append(littleEndian: UInt32(0))
    end.append(littleEndian: UInt16(entries.count))
    end.append(littleEndian: UInt16(entries.count))
    end.append(littleEndian: size)
    end.append(littleEndian: start)
    end.append(littleEndian: UInt16(0))
    try put(end)
  }

  private mutating func put(_ bytes: [UInt8]) throws {
    try append(bytes)
    position += bytes.count
  }
}

extension [UInt8] {
  /// Appends a number, the lowest byte first.
  fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
