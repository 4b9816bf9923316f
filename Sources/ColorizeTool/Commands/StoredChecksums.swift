// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation

/// The check sums that the zip form of a PyTorch checkpoint has of its parts.
///
/// They are looked at where every byte is to be, in `inspect`: loading does not wait for them. PyTorch can be told to write
/// none (`torch.serialization.set_crc32_options`), so that a wrong one is no proof of damage.
struct StoredChecksums {
  /// How many parts were looked at.
  private(set) var count = 0
  /// The names of those whose bytes have another sum.
  private(set) var wrong: [String] = []

  /// Nil for what is no zip file.
  init?(path: String) throws {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped),
      data.starts(with: [0x50, 0x4B, 0x03, 0x04])
    else { return nil }
    let table = Self.table
    try data.withUnsafeBytes { bytes in
      guard let directory = try? ZipDirectory(bytes, maximumItemCount: 1 << 20) else { return }
      for item in directory.items where item.method == 0 {
        try Task.checkCancellation()
        guard let place = try? directory.place(of: item, in: bytes) else { continue }
        count += 1
        if Self.sum(UnsafeRawBufferPointer(rebasing: bytes[place]), table) != item.checksum { wrong.append(item.name) }
      }
    }
  }

  /// What is to be said of them; nil where there is nothing.
  var line: String? {
    guard let first = wrong.first else { return nil }
    return
      "\(wrong.count) of \(count) parts have another check sum than the file says (\(ToolError.oneLine(first))\(wrong.count > 1 ? " ..." : "")): "
      + "it is damaged, or was saved without sums; download it again, or compare it with where it comes from"
  }

  /// CRC-32 (ISO 3309), byte by byte.
  private static func sum(_ bytes: UnsafeRawBufferPointer, _ table: [UInt32]) -> UInt32 {
    table.withUnsafeBufferPointer { table in
      ~bytes.reduce(UInt32.max) { sum, byte in table[Int(truncatingIfNeeded: (sum ^ UInt32(byte)) & 255)] ^ sum >> 8 }
    }
  }

  private static var table: [UInt32] {
    (0..<256).map { byte in
      (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? 0xEDB8_8320 ^ sum >> 1 : sum >> 1 }
    }
  }
}
