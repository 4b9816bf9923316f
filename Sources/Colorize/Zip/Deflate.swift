// SPDX-License-Identifier: Apache-2.0

import CZlib

/// zlib, as zip files need it.
enum Deflate {
  /// CRC-32 of the bytes.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32_z(0, $0.baseAddress, $0.count)) }
  }

  /// The bytes, compressed without a header.
  ///
  /// - Throws: ``ZipWriter/Failure`` without memory for it, or for 4 GiB and more.
  static func compressed(_ bytes: [UInt8]) throws(ZipWriter.Failure) -> [UInt8] {
    var stream = z_stream()
    guard bytes.count < Int(UInt32.max), czlib_raw_deflate_init(&stream, Z_DEFAULT_COMPRESSION) == Z_OK else {
      throw ZipWriter.Failure(reason: "\(bytes.count) bytes cannot be compressed")
    }
    defer { deflateEnd(&stream) }
    let bound = Int(deflateBound(&stream, uLong(bytes.count)))
    var input = bytes
    var isWhole = false
    let packed = [UInt8](unsafeUninitializedCapacity: bound) { output, count in
      input.withUnsafeMutableBufferPointer { input in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(truncatingIfNeeded: bound)
        isWhole = deflate(&stream, Z_FINISH) == Z_STREAM_END
        count = Int(stream.total_out)
      }
    }
    guard isWhole else {
      throw ZipWriter.Failure(reason: "\(bytes.count) bytes cannot be compressed")
    }
    return packed
  }
}
