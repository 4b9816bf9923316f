// SPDX-License-Identifier: Apache-2.0

/// What becomes of a prompt before it is taken apart: the steps of OpenCLIP's `lower` cleaning.
///
/// Of ftfy, which comes first there, everything is done but its repair of text that was decoded by the wrong table
/// (mojibake) and of terminal escapes. Where references nest deeper than ``deepestNesting``, the rest stays as it is, so that
/// the time is bounded.
enum TextCleaning {
  /// How often the first step is repeated while it still changes something.
  static let deepestNesting = 8

  /// Mended, unescaped twice, white space in single spaces, trimmed, in lower case.
  static func clean(_ text: String) -> [Unicode.Scalar] {
    var scalars = mended(Array(text.unicodeScalars))
    for _ in 0..<2 { scalars = HTMLReferences.unescape(scalars, by: .standard) }
    return lowercased(spaced(scalars))
  }

  // MARK: Mending, line by line

  private static func mended(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    // From the first line on that looks like markup, references are left to the next step.
    var isMarkup = false
    var start = 0
    while start < text.count {
      let end = (text[start...].firstIndex(of: "\n") ?? text.count - 1) + 1
      var line = Array(text[start..<end])
      isMarkup = isMarkup || line.contains("<")
      for _ in 0..<deepestNesting {
        let before = line
        if !isMarkup, !line.contains("<") { line = HTMLReferences.unescape(line, by: .plain) }
        line = CanonicalComposition.compose(replaced(line))
        if line == before { break }
      }
      result += line
      start = end
    }
    return result
  }

  /// Single characters replaced or removed.
  private static func replaced(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    for (index, given) in text.enumerated() {
      let scalar = (0x80...0x9F).contains(given.value) ? HTMLReferences.windows1252(given.value) : given
      switch scalar.value {
      case 0x0D:
        if index + 1 == text.count || text[index + 1] != "\n" { result.append("\n") }
      case 0x0...0x8, 0xB, 0xE...0x1F, 0x7F, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFC: break
      case 0x2BC, 0x2018...0x201B: result.append("'")
      case 0x201C...0x201F: result.append("\"")
      case 0x2028, 0x2029: result.append("\n")
      case 0x3000: result.append(" ")
      case 0x132...0x133, 0x149, 0x1C4...0x1CC, 0x1F1...0x1F3, 0xFB00...0xFB06:
        result += (ligatures[scalar.value] ?? "").unicodeScalars
      case 0xFF01..<0xFFF0: result += TextTables.widths[scalar] ?? [scalar]
      default: result.append(scalar)
      }
    }
    return result
  }

  private static let ligatures: [UInt32: String] = [
    0x132: "IJ", 0x133: "ij", 0x149: "'n", 0x1C4: "D\u{17D}", 0x1C5: "D\u{17E}", 0x1C6: "d\u{17E}", 0x1C7: "LJ",
    0x1C8: "Lj", 0x1C9: "lj", 0x1CA: "NJ", 0x1CB: "Nj", 0x1CC: "nj", 0x1F1: "DZ", 0x1F2: "Dz", 0x1F3: "dz",
    0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "\u{17F}t", 0xFB06: "st",
  ]

  // MARK: White space and case

  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x80 {
      return scalar == " " || (0x9...0xD).contains(scalar.value) || (0x1C...0x1F).contains(scalar.value)
    }
    return scalar.properties.isWhitespace
  }

  private static func spaced(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    Array(text.split(whereSeparator: isSpace).joined(separator: [" "]))
  }

  private static func lowercased(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    for (index, scalar) in text.enumerated() {
      if scalar.value < 0x80 {
        result.append(("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar)
      } else if scalar == "\u{3A3}" {
        result.append(isFinal(index, in: text) ? "\u{3C2}" : "\u{3C3}")
      } else {
        result += scalar.properties.lowercaseMapping.unicodeScalars
      }
    }
    return result
  }

  /// Whether a capital sigma ends its word (Unicode's Final_Sigma).
  private static func isFinal(_ index: Int, in text: [Unicode.Scalar]) -> Bool {
    func isCased(_ places: some Sequence<Int>) -> Bool {
      places.lazy.map { text[$0].properties }.first { !$0.isCaseIgnorable }?.isCased ?? false
    }
    return isCased((0..<index).reversed()) && !isCased(index + 1..<text.count)
  }
}
