import CZlib

/// Makes a zip file of files that are stored as they are.
enum ZipWriter {
  /// - Parameter files: less than 4 GiB in all.
  static func data(_ files: [(name: String, contents: [UInt8])]) -> [UInt8] {
    var data: [UInt8] = []
    var directory: [UInt8] = []
    for (name, contents) in files {
      let checksum = contents.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }
      var fields: [UInt8] = []
      fields.append(littleEndian: UInt16(20))  // the version that unpacks it
      fields.append(littleEndian: UInt16(0x0800))  // names are UTF-8
      fields.append(littleEndian: UInt16(0))  // stored
      fields.append(littleEndian: UInt32(0x0021_0000))  // 1 January 1980: the same palette gives the same bytes
      fields.append(littleEndian: UInt32(truncatingIfNeeded: checksum))
      fields.append(littleEndian: UInt32(contents.count))
      fields.append(littleEndian: UInt32(contents.count))
      fields.append(littleEndian: UInt16(name.utf8.count))
      fields.append(littleEndian: UInt16(0))  // no extra field

      directory.append(littleEndian: UInt32(0x0201_4B50))
      directory.append(littleEndian: UInt16(20))
      directory += fields
      directory += [UInt8](repeating: 0, count: 10)  // no comment, first disk, no attributes
      directory.append(littleEndian: UInt32(data.count))
      directory += Array(name.utf8)

      data.append(littleEndian: UInt32(0x0403_4B50))
      data += fields
      data += Array(name.utf8)
      data += contents
    }
    let start = data.count
    data += directory
    data.append(littleEndian: UInt32(0x0605_4B50))
    data.append(littleEndian: UInt32(0))
    data.append(littleEndian: UInt16(files.count))
    data.append(littleEndian: UInt16(files.count))
    data.append(littleEndian: UInt32(directory.count))
    data.append(littleEndian: UInt32(start))
    data.append(littleEndian: UInt16(0))
    return data
  }
}

extension [UInt8] {
  /// Appends a number, the lowest byte first.
  fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
