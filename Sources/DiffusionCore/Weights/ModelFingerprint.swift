// SPDX-License-Identifier: Apache-2.0

/// Tells models apart without reading all of them: a hash of the names, shapes and first bytes of their weights.
public struct ModelFingerprint: Sendable, Hashable, CustomStringConvertible {
  private let hash: UInt64

  /// The fingerprint of weights, by the names of a network.
  public init(_ source: WeightSource) {
    var hash = StableHash()
    for key in source.keys {
      guard let entry = source[key]?.entry, let bytes = try? source.bytes(of: key) else { continue }
      hash.add(key)
      for extent in entry.shape { hash.add(UInt64(bitPattern: Int64(extent))) }
      bytes.withUnsafeBytes { hash.add(UnsafeRawBufferPointer(rebasing: $0.prefix(64))) }
    }
    self.hash = hash.value
  }

  /// Sixteen hexadecimal digits.
  public var description: String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// FNV-1a in 64 bits (Fowler, Noll, Vo 1991): the same in every run and on every machine.
package struct StableHash: Sendable {
  package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  package init() {}

  package mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }

  package mutating func add(_ bytes: UnsafeRawBufferPointer) { for byte in bytes { add(byte) } }

  package mutating func add(_ number: UInt64) {
    for shift in 0..<8 { add(UInt8(truncatingIfNeeded: number >> (8 * UInt64(shift)))) }
  }

  /// A text, and where it ends.
  package mutating func add(_ text: String) {
    for byte in text.utf8 { add(byte) }
    add(UInt8(0))
  }
}
