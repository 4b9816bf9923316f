// SPDX-License-Identifier: Apache-2.0

import CZlib
import DiffusionCore

/// Takes single files out of a zip file that is held in memory: stored and deflated ones.
///
/// Sizes are checked against a limit and against the data before anything is allocated, checksums after.
package struct ZipReader {
  private let bytes: [UInt8]
  private let directory: ZipDirectory
  private var items: [String: ZipDirectory.Item] = [:]

  /// Deflate cannot shrink by more than this.
  private static let maximumRatio = 1032

  /// Reads the directory, which stands at the end.
  package init(bytes: [UInt8], maximumItemCount: Int) throws(ZipFailure) {
    self.bytes = bytes
    directory = try bytes.span.withUnsafeBytes { (buffer) throws(ZipFailure) in
      try ZipDirectory(buffer, maximumItemCount: maximumItemCount)
    }
    for item in directory.items { items[item.name] = item }
  }

  /// Whether there is a file of that name.
  package func holds(_ name: String) -> Bool { items[name] != nil }

  /// The bytes of a file.
  ///
  /// - Parameter limit: the most bytes that are made.
  package func contents(of name: String, limit: Int) throws(ZipFailure) -> [UInt8] {
    guard let item = items[name] else { throw ZipFailure(offset: 0, reason: "the zip file holds no \(name)") }
    guard item.size <= limit else {
      throw ZipFailure(
        offset: item.header, reason: "a \(name) of \(item.size) bytes, where at most \(limit) are read")
    }
    let place = try bytes.span.withUnsafeBytes { (buffer) throws(ZipFailure) in
      try directory.place(of: item, in: buffer)
    }
    let packed = bytes[place]
    let contents: [UInt8]
    switch item.method {
    case 0 where item.packedSize == item.size: contents = Array(packed)
    case 8: contents = try inflated(packed, size: item.size, name: name)
    default:
      throw ZipFailure(
        offset: item.header, reason: "\(name) is packed by the method \(item.method), not by deflate")
    }
    let checksum = contents.withUnsafeBufferPointer { crc32_z(0, $0.baseAddress, $0.count) }
    guard checksum == UInt(item.checksum) else {
      throw ZipFailure(offset: place.lowerBound, reason: "the checksum of \(name) is wrong")
    }
    return contents
  }

  private func inflated(_ packed: ArraySlice<UInt8>, size: Int, name: String) throws(ZipFailure) -> [UInt8] {
    let start = packed.startIndex
    guard size / Self.maximumRatio <= packed.count, packed.count <= Int(UInt32.max), size <= Int(UInt32.max) else {
      throw ZipFailure(offset: start, reason: "\(name) is too short for its size")
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
    guard isWhole else { throw ZipFailure(offset: start + used, reason: "\(name) cannot be unpacked") }
    return contents
  }
}
