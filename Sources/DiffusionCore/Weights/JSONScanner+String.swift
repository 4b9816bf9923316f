// SPDX-License-Identifier: Apache-2.0

/// Strings: quoted, with the escapes of RFC 8259, section 7.
extension JSONScanner {
  mutating func string() throws(Fault) -> String {
    try expect("\"", "to begin a string")
    var text: [UInt8] = []
    while position < bytes.count {
      let plain = position
      while position < bytes.count, bytes[position] != 0x22, bytes[position] != 0x5C, bytes[position] >= 0x20 {
        advance(by: 1)
      }
      text.append(contentsOf: bytes[plain..<position])
      guard position < bytes.count else { break }
      switch bytes[position] {
      case 0x22:
        advance(by: 1)
        return String(decoding: text, as: UTF8.self)
      case 0x5C:
        text.append(contentsOf: String(Character(try escape())).utf8)
      default:
        throw fault("a control character in a string")
      }
    }
    throw fault("a string without an end")
  }

  private mutating func escape() throws(Fault) -> Unicode.Scalar {
    let start = position
    advance(by: 1)
    guard position < bytes.count else { throw fault("a string without an end") }
    let letter = bytes[position]
    advance(by: 1)
    switch letter {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{08}"
    case UInt8(ascii: "f"): return "\u{0C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape(start)
    default: throw fault("an unknown escape in a string", at: start)
    }
  }

  private mutating func unicodeEscape(_ start: Int) throws(Fault) -> Unicode.Scalar {
    let first = try hexadecimalUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    // What is no scalar is half of a surrogate pair: a high one, which a low one must follow.
    guard first < 0xDC00, position + 1 < bytes.count, bytes[position] == 0x5C, bytes[position + 1] == UInt8(ascii: "u")
    else { throw fault("a lone surrogate in a string", at: start) }
    advance(by: 2)
    let second = try hexadecimalUnit()
    guard second >= 0xDC00, second <= 0xDFFF,
      let scalar = Unicode.Scalar(0x10000 + ((UInt32(first) - 0xD800) << 10) + (UInt32(second) - 0xDC00))
    else { throw fault("a lone surrogate in a string", at: start) }
    return scalar
  }

  private mutating func hexadecimalUnit() throws(Fault) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
        throw fault("expected four hexadecimal digits after \\u")
      }
      unit = unit << 4 | UInt16(digit)
      advance(by: 1)
    }
    return unit
  }
}
