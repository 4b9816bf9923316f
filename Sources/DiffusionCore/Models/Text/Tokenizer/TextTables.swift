// SPDX-License-Identifier: Apache-2.0

import CTextData

/// Tables of characters that the package carries, read when they are first needed.
enum TextTables {
  /// The named references of HTML, without the ampersand, with the semicolon where it belongs to the name.
  static let entities: [[UInt8]: [Unicode.Scalar]] = {
    var entities: [[UInt8]: [Unicode.Scalar]] = [:]
    for fields in lines(of: irodori_table_entities) {
      entities[Array(fields[0])] = fields.dropFirst().compactMap(scalar)
    }
    return entities
  }()

  /// The length of the longest name.
  static let longestEntity = entities.keys.map(\.count).max() ?? 0

  /// Half- and full-width forms, and what they are otherwise (NFKC).
  static let widths: [Unicode.Scalar: [Unicode.Scalar]] = {
    var widths: [Unicode.Scalar: [Unicode.Scalar]] = [:]
    for fields in lines(of: irodori_table_widths) {
      if let form = scalar(fields[0]) { widths[form] = fields.dropFirst().compactMap(scalar) }
    }
    return widths
  }()

  /// Canonical decompositions in one step, and which pairs are composed.
  static let canonical: (decompositions: [Unicode.Scalar: [Unicode.Scalar]], compositions: [UInt64: Unicode.Scalar]) = {
    var decompositions: [Unicode.Scalar: [Unicode.Scalar]] = [:]
    var compositions: [UInt64: Unicode.Scalar] = [:]
    for fields in lines(of: irodori_table_compositions) {
      let isExcluded = fields[0].first == UInt8(ascii: "-")
      guard let whole = scalar(isExcluded ? fields[0].dropFirst() : fields[0]) else { continue }
      let parts = fields.dropFirst().compactMap(scalar)
      decompositions[whole] = parts
      if !isExcluded, parts.count == 2 { compositions[pair(parts[0], parts[1])] = whole }
    }
    return (decompositions, compositions)
  }()

  static func pair(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt64 {
    UInt64(first.value) << 32 | UInt64(second.value)
  }

  private static func lines(of table: irodori_table) -> [[ArraySlice<UInt8>]] {
    var size = 0
    guard let start = irodori_text_table(table, &size) else { return [] }
    return Array(UnsafeBufferPointer(start: start, count: size)).split(separator: 0x0A).map {
      $0.split(separator: 0x20)
    }
  }

  private static func scalar(_ digits: ArraySlice<UInt8>) -> Unicode.Scalar? {
    UInt32(String(decoding: digits, as: UTF8.self), radix: 16).flatMap(Unicode.Scalar.init)
  }
}
