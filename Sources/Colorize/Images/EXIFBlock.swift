// SPDX-License-Identifier: Apache-2.0

/// The first directory of a TIFF block, as EXIF 2.32 has it: what a camera or a scanner notes.
///
/// The data is not trusted: every offset is checked, and what does not fit counts as absent.
package struct EXIFBlock {
  private let bytes: [UInt8]
  private let isLittleEndian: Bool
  /// Where each tag's entry is.
  private var entries: [Int: Int] = [:]

  /// - Parameter block: from the TIFF header on, or from the signature of EXIF before it.
  package init(_ block: ArraySlice<UInt8>) {
    let signature = Array("Exif\0\0".utf8)
    bytes = Array(block.starts(with: signature) ? block.dropFirst(signature.count) : block)
    isLittleEndian = bytes.starts(with: [0x49, 0x49])
    guard isLittleEndian || bytes.starts(with: [0x4D, 0x4D]), number(at: 2, bytes: 2) == 42,
      let directory = number(at: 4, bytes: 4), let count = number(at: directory, bytes: 2)
    else { return }
    for index in 0..<count {
      let entry = directory + 2 + index * 12
      guard let tag = number(at: entry, bytes: 2), number(at: entry + 8, bytes: 4) != nil else { return }
      if entries[tag] == nil { entries[tag] = entry }
    }
  }

  /// How the camera was held (tag 0x0112, section 4.6.4); nil if that is not said, or makes no sense.
  package var orientation: Int? { integer(0x0112).flatMap { (1...8).contains($0) ? $0 : nil } }

  /// Pixels per inch (tags 0x011A, 0x011B and 0x0128).
  package var resolution: ImageResolution? {
    guard let horizontal = fraction(0x011A), let vertical = fraction(0x011B) else { return nil }
    let scale = integer(0x0128) == 3 ? 2.54 : 1
    return ImageResolution(horizontal: horizontal * scale, vertical: vertical * scale)
  }

  /// How many pictures the index of a multi-picture file lists (CIPA DC-007, tag 0xB002), without smaller copies of the
  /// first; 1 for what is no such index.
  package var pictureCount: Int {
    guard let entry = entries[0xB002], number(at: entry + 2, bytes: 2) == 7, let size = number(at: entry + 4, bytes: 4),
      let place = number(at: entry + 8, bytes: 4)
    else { return 1 }
    let kinds = stride(from: place, to: place + min(size, bytes.count), by: 16).compactMap { number(at: $0, bytes: 4) }
    return max(1, kinds.count { $0 & 0xFF_0000 != 0x01_0000 })
  }

  private func number(at offset: Int, bytes count: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - count else { return nil }
    let field = bytes[offset..<offset + count]
    return isLittleEndian
      ? field.reversed().reduce(0) { $0 << 8 | Int($1) } : field.reduce(0) { $0 << 8 | Int($1) }
  }

  /// A short is what the standard asks for; some programs write a long.
  private func integer(_ tag: Int) -> Int? {
    guard let entry = entries[tag], let type = number(at: entry + 2, bytes: 2) else { return nil }
    return type == 3 ? number(at: entry + 8, bytes: 2) : type == 4 ? number(at: entry + 8, bytes: 4) : nil
  }

  private func fraction(_ tag: Int) -> Double? {
    guard let entry = entries[tag], number(at: entry + 2, bytes: 2) == 5, let place = number(at: entry + 8, bytes: 4),
      let numerator = number(at: place, bytes: 4), let denominator = number(at: place + 4, bytes: 4), denominator > 0
    else { return nil }
    return Double(numerator) / Double(denominator)
  }
}
