// SPDX-License-Identifier: Apache-2.0

/// Characters that a text writes as HTML's references: `&eacute;`, `&#233;`, `&#xE9;`.
enum HTMLReferences {
  /// How much of a text a rule looks at.
  enum Rule {
    /// All that HTML 5 reads, with or without a semicolon: `&amp` and the longest name that a word begins with.
    case standard
    /// Whole references with a semicolon only, and names in capitals as well: what ftfy takes for a mistake.
    case plain
  }

  private typealias Scalars = [Unicode.Scalar]

  /// The text with its references replaced, once.
  static func unescape(_ text: [Unicode.Scalar], by rule: Rule) -> [Unicode.Scalar] {
    guard text.contains("&") else { return text }
    var result: Scalars = []
    result.reserveCapacity(text.count)
    var place = 0
    while place < text.count {
      if text[place] == "&" {
        let found = rule == .standard ? standard(text, at: place + 1) : plain(text, at: place + 1)
        if let (meaning, end) = found {
          result += meaning
          place = end
          continue
        }
      }
      result.append(text[place])
      place += 1
    }
    return result
  }

  // MARK: The rules

  private static func standard(_ text: Scalars, at start: Int) -> (Scalars, Int)? {
    if start < text.count, text[start] == "#" { return number(text, at: start + 1) }
    // Names are of letters and digits; what a word has besides ends them.
    var end = start
    while end < text.count, end - start < 32, isWord(text[end]) { end += 1 }
    var name = text[start..<end].map { UInt8($0.value) }
    if end < text.count, text[end] == ";" {
      name.append(0x3B)
    }
    while name.count > 1 {
      if let meaning = TextTables.entities[name] { return (meaning, start + name.count) }
      name.removeLast()
    }
    return nil
  }

  private static func plain(_ text: Scalars, at start: Int) -> (Scalars, Int)? {
    var end = start
    let isNumber = end < text.count && text[end] == "#"
    if isNumber { end += 1 }
    let first = end
    while end < text.count, end - first <= 24, isWord(text[end]) { end += 1 }
    guard end < text.count, text[end] == ";", (1...24).contains(end - first) else { return nil }
    if isNumber {
      guard let (meaning, last) = number(text, at: first), last == end + 1, meaning != [";"] else { return nil }
      return (meaning, last)
    }
    let name = text[first...end].map { UInt8($0.value) }
    if let meaning = TextTables.entities[name] { return (meaning, end + 1) }
    // A name in capitals that is none itself, whose small form is one.
    guard name.allSatisfy({ !(0x61...0x7A).contains($0) }), standard(text, at: start) == nil,
      let meaning = TextTables.entities[name.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 }]
    else { return nil }
    return (meaning.flatMap { Scalars($0.properties.uppercaseMapping.unicodeScalars) }, end + 1)
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    ("0"..."9").contains(scalar) || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
  }

  // MARK: Numbers

  /// A reference by number, from behind its `#`: what it means and where it ends; nil for none.
  private static func number(_ text: Scalars, at start: Int) -> (Scalars, Int)? {
    let isHexadecimal = start < text.count && (text[start] == "x" || text[start] == "X")
    let radix: UInt32 = isHexadecimal ? 16 : 10
    var end = isHexadecimal ? start + 1 : start
    let first = end
    var code: UInt32 = 0
    while end < text.count, let digit = digit(text[end]), digit < radix {
      // Whatever is larger is beyond all characters.
      code = min(code, 0x11_0000) * radix + digit
      end += 1
    }
    guard end > first else { return nil }
    if end < text.count, text[end] == ";" { end += 1 }
    return (character(code), end)
  }

  private static func digit(_ scalar: Unicode.Scalar) -> UInt32? {
    switch scalar {
    case "0"..."9": scalar.value - 0x30
    case "a"..."f": scalar.value - 0x61 + 10
    case "A"..."F": scalar.value - 0x41 + 10
    default: nil
    }
  }

  /// What HTML 5 reads for a code: of C1 controls what Windows has in their places, nothing for what is no character.
  private static func character(_ code: UInt32) -> Scalars {
    switch code {
    case 0: ["\u{FFFD}"]
    case 0x0D: ["\r"]
    case 0x80...0x9F: [windows1252(code)]
    case 0x1...0x8, 0xB, 0xE...0x1F, 0x7F, 0xFDD0...0xFDEF: []
    case 0...0x10FFFF where code & 0xFFFE == 0xFFFE: []
    default: [Unicode.Scalar(code) ?? "\u{FFFD}"]
    }
  }

  /// The character of a byte 0x80...0x9F in Windows' code page 1252; those that it leaves open stand for themselves.
  static func windows1252(_ byte: UInt32) -> Unicode.Scalar {
    let table: [UInt32] = [
      0x20AC, 0x81, 0x201A, 0x192, 0x201E, 0x2026, 0x2020, 0x2021, 0x2C6, 0x2030, 0x160, 0x2039, 0x152, 0x8D, 0x17D,
      0x8F,
      0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x2DC, 0x2122, 0x161, 0x203A, 0x153, 0x9D, 0x17E,
      0x178,
    ]
    return Unicode.Scalar(table[Int(byte & 0x1F)]) ?? "\u{FFFD}"
  }
}
