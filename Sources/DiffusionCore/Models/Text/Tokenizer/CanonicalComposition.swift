// SPDX-License-Identifier: Apache-2.0

/// Unicode's normalization form C: every character composed where there is a composed one (Unicode Standard Annex 15).
enum CanonicalComposition {
  private static let hangul = (
    first: UInt32(0xAC00), leads: UInt32(0x1100), vowels: UInt32(0x1161), tails: UInt32(0x11A7), leadCount: UInt32(19),
    vowelCount: UInt32(21), tailCount: UInt32(28)
  )

  /// The text in form C.
  static func compose(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    // Below the first combining mark nothing is composed or decomposed.
    guard text.contains(where: { $0.value >= 0x300 }) else { return text }
    var parts: [Unicode.Scalar] = []
    parts.reserveCapacity(text.count)
    for scalar in text { decompose(scalar, into: &parts) }
    order(&parts)
    return composed(parts)
  }

  private static func decompose(_ scalar: Unicode.Scalar, into parts: inout [Unicode.Scalar]) {
    if scalar.value < 0xC0 { return parts.append(scalar) }
    let index = scalar.value &- hangul.first
    if index < hangul.leadCount * hangul.vowelCount * hangul.tailCount {
      let tail = index % hangul.tailCount
      let codes = [
        hangul.leads + index / (hangul.vowelCount * hangul.tailCount),
        hangul.vowels + index % (hangul.vowelCount * hangul.tailCount) / hangul.tailCount,
        hangul.tails + tail,
      ]
      return parts += codes.prefix(tail == 0 ? 2 : 3).compactMap(Unicode.Scalar.init)
    }
    guard let made = TextTables.canonical.decompositions[scalar] else { return parts.append(scalar) }
    for part in made { decompose(part, into: &parts) }
  }

  private static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
    scalar.value < 0x300 ? 0 : scalar.properties.canonicalCombiningClass.rawValue
  }

  /// Puts marks that follow one another into the order of their classes.
  private static func order(_ parts: inout [Unicode.Scalar]) {
    var start = 0
    while start < parts.count {
      guard combiningClass(parts[start]) != 0 else {
        start += 1
        continue
      }
      var end = start + 1
      while end < parts.count, combiningClass(parts[end]) != 0 { end += 1 }
      if end - start > 1 {
        // By class, and those of one class as they stood.
        let marks = (start..<end).map { (class: combiningClass(parts[$0]), place: $0, scalar: parts[$0]) }
          .sorted { ($0.class, $0.place) < ($1.class, $1.place) }
        for (offset, mark) in marks.enumerated() { parts[start + offset] = mark.scalar }
      }
      start = end
    }
  }

  private static func composed(_ parts: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(parts.count)
    var starter: Int?
    var lastClass: UInt8 = 0
    for part in parts {
      let ownClass = combiningClass(part)
      // A mark is kept from its starter by one of its own or a higher class between them.
      if let starter, lastClass < ownClass || (lastClass == 0 && starter == result.count - 1),
        let whole = pair(result[starter], part)
      {
        result[starter] = whole
        continue
      }
      if ownClass == 0 { starter = result.count }
      lastClass = ownClass
      result.append(part)
    }
    return result
  }

  private static func pair(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    let (lead, vowel) = (first.value &- hangul.leads, second.value &- hangul.vowels)
    if lead < hangul.leadCount, vowel < hangul.vowelCount {
      return Unicode.Scalar(hangul.first + (lead * hangul.vowelCount + vowel) * hangul.tailCount)
    }
    let (syllable, tail) = (first.value &- hangul.first, second.value &- hangul.tails)
    if syllable < hangul.leadCount * hangul.vowelCount * hangul.tailCount, syllable % hangul.tailCount == 0,
      (1..<hangul.tailCount).contains(tail)
    {
      return Unicode.Scalar(first.value + tail)
    }
    return TextTables.canonical.compositions[TextTables.pair(first, second)]
  }
}
