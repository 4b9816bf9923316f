// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// The SHA-256 of some content (FIPS 180-4), as `sha256sum` prints it: what a file is told apart by.
public struct Digest: Sendable, Hashable, Codable, CustomStringConvertible {
  /// 64 hexadecimal digits.
  public let description: String

  /// The digest of bytes.
  public init(_ bytes: [UInt8]) {
    let hasher = Hasher()
    bytes.withUnsafeBytes { hasher.update($0) }
    self = hasher.finish()
  }

  /// The digest of a text's UTF-8.
  public init(_ text: String) { self.init(Array(text.utf8)) }

  private init(hex: String) { description = hex }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard text.utf8.count == 64, text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "a SHA-256 has 64 hexadecimal digits")
    }
    description = text
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  /// The first 64 bits as a number, for choices by content.
  var number: UInt64 { UInt64(description.prefix(16), radix: 16) ?? 0 }

  /// Takes content piece by piece.
  final class Hasher {
    private let context: OpaquePointer?

    init() {
      context = EVP_MD_CTX_new()
      // These fail without memory only; the digest is empty then, which no content has.
      EVP_DigestInit_ex(context, EVP_sha256(), nil)
    }

    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) { EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

    func update(_ text: String) { Array(text.utf8).withUnsafeBytes { update($0) } }

    func finish() -> Digest {
      var bytes = [UInt8](repeating: 0, count: 64)
      var count: UInt32 = 0
      EVP_DigestFinal_ex(context, &bytes, &count)
      let digits = Array("0123456789abcdef".utf8)
      let hex = bytes.prefix(Int(count)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
      return Digest(hex: String(decoding: hex, as: UTF8.self))
    }
  }
}
