// SPDX-License-Identifier: Apache-2.0

/// Texts of pickles of protocol 0, which are lines.
enum PickleText {
  private static let letters: [Unicode.Scalar: Unicode.Scalar] = [
    "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"",
  ]
  private static let digitCounts: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]

  /// Puts in what `\n`, `\x41`, `\u4e00` and the like stand for. What stands for nothing stays as it is.
  ///
  /// - Parameter unicodeOnly: whether `\u` and `\U` are the only ones, as in unicode texts.
  static func unescaped(_ text: Substring, unicodeOnly: Bool = false) -> String {
    guard text.utf8.contains(0x5C) else { return String(text) }
    var scalars = String.UnicodeScalarView()
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      guard scalar == "\\", let letter = rest.first else {
        scalars.append(scalar)
        continue
      }
      if let count = digitCounts[letter], !unicodeOnly || letter != "x", rest.count > count,
        let value = UInt32(String(rest.dropFirst().prefix(count)), radix: 16), let found = Unicode.Scalar(value)
      {
        scalars.append(found)
        rest = rest.dropFirst(1 + count)
      } else if !unicodeOnly, let plain = letters[letter] {
        scalars.append(plain)
        rest = rest.dropFirst()
      } else {
        scalars.append(scalar)
      }
    }
    return String(scalars)
  }
}
