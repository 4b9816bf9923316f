// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A hash of all that a safetensors file says, kept in it as a tensor of its own: tells a file that is what was written from
/// one in which a disk, or somebody, changed a byte. Lengths and the form of the header are checked without it.
package struct ContentSeal: Sendable {
  /// The key of the tensor, of eight bytes.
  package static let key = "seal"
  /// What a writer has to be told of it.
  package static let tensor = SafetensorsWriter.Tensor(key: key, dtype: .u8, shape: [8])

  /// The sum of the hashes of all parts, so that their order is none.
  private var sum: UInt64

  /// A seal of nothing but a header's free text.
  package init(metadata: [String: String]) {
    sum = metadata.reduce(0) { sum, entry in
      var hash = StableHash()
      hash.add(entry.key)
      hash.add(entry.value)
      return sum &+ Self.mixed(hash.value)
    }
  }

  /// Takes a tensor in.
  package mutating func add(_ key: String, _ dtype: SafetensorsDType, _ shape: [Int], _ bytes: UnsafeRawBufferPointer) {
    var hash = StableHash()
    hash.add("\(key) \(dtype) \(shape)")
    sum = sum &+ Self.mixed(Self.hash(bytes, hash.value))
  }

  /// What the tensor holds.
  package var bytes: [UInt8] { withUnsafeBytes(of: sum.littleEndian) { [UInt8]($0) } }

  /// Whether a file is what was sealed; nil for one without a seal.
  package static func holds(of file: SafetensorsFile) -> Bool? {
    guard let entry = file[key], entry.byteRange.count == 8 else { return nil }
    var seal = ContentSeal(metadata: file.metadata)
    do {
      for key in file.keys where key != Self.key {
        guard let entry = file[key] else { continue }
        try file.withBytes(of: key) { seal.add(key, entry.dtype, entry.shape, $0) }
      }
      return try file.withBytes(of: key) { [UInt8]($0) } == seal.bytes
    } catch {
      return false
    }
  }

  /// Eight bytes at a time: states are gigabytes. Each step can be undone, so that no change of one word is lost.
  private static func hash(_ bytes: UnsafeRawBufferPointer, _ start: UInt64) -> UInt64 {
    var hash = start
    func take(_ word: UInt64) {
      hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
      hash = hash << 29 | hash >> 35
    }
    let words = bytes.count / 8
    for index in 0..<words {
      take(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)))
    }
    for byte in bytes[(8 * words)...] { take(UInt64(byte)) }
    take(UInt64(bytes.count))
    return hash
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
