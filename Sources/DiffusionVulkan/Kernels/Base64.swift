// SPDX-License-Identifier: Apache-2.0

/// Decodes base64, as the build embeds shaders, into words.
///
/// - Returns: nil if the text is no base64 or not whole words.
func words(base64 text: StaticString) -> [UInt32]? {
  text.withUTF8Buffer { characters in
    var words: [UInt32] = []
    words.reserveCapacity(characters.count * 3 / 16)
    var (word, byteCount): (UInt32, UInt32) = (0, 0)
    var (bits, bitCount): (UInt32, UInt32) = (0, 0)
    for character in characters where character != UInt8(ascii: "=") {
      guard let value = sextet(character) else { return nil }
      bits = bits << 6 | value
      bitCount += 6
      guard bitCount >= 8 else { continue }
      bitCount -= 8
      word |= (bits >> bitCount & 0xff) << (8 * byteCount)
      byteCount += 1
      if byteCount == 4 {
        words.append(word)
        (word, byteCount) = (0, 0)
      }
    }
    return byteCount == 0 ? words : nil
  }
}

private func sextet(_ character: UInt8) -> UInt32? {
  switch character {
  case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
  case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
  case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
  case UInt8(ascii: "+"): 62
  case UInt8(ascii: "/"): 63
  default: nil
  }
}
