// SPDX-License-Identifier: Apache-2.0

extension Palette {
  /// How an entry stands to another: model sheets list a colour with its shadow and its highlight.
  public enum Variant: String, Sendable, Hashable, CaseIterable {
    case shadow
    case highlight

    /// The last words of names, in lower case, that say so.
    var words: [String] {
      switch self {
      case .shadow: ["shadow", "shade", "shaded", "影", "カゲ", "かげ"]
      case .highlight: ["highlight", "hilight", "light", "hl", "ハイライト", "ハイ", "明"]
      }
    }
  }

  /// The entry that is another's shadow or highlight, by its name; nil if there is none.
  ///
  /// Of an entry called “Hair”, that is the one called “hair shadow”: the same name without regard to case, then one of
  /// shadow, shade, shaded, 影, カゲ, かげ or highlight, hilight, light, HL, ハイライト, ハイ, 明, behind a space,
  /// `_`, `-`, `/`, `.`, `:` or, for the Japanese words, behind nothing. A number may follow (“hair shadow 2”), or stand
  /// before a Japanese word (“髪2影”); of several the lowest is taken, and none counts as 1. Of equal ones the nearest
  /// in the list is taken: model sheets repeat names from part to part.
  ///
  /// - Parameter index: of an entry; nil is returned for any other number.
  public func variant(of index: Int, _ variant: Variant) -> Int? {
    guard entries.indices.contains(index), let name = entries[index].name else { return nil }
    let base = Self.words(of: name)
    guard !base.isEmpty else { return nil }
    var best: (rank: Int, distance: Int, index: Int)?
    for (other, entry) in entries.enumerated() where other != index {
      guard let otherName = entry.name, let rank = Self.rank(of: Self.words(of: otherName), as: variant, of: base)
      else { continue }
      let candidate = (rank, abs(other - index), other)
      if let found = best, found <= candidate { continue }
      best = candidate
    }
    return best?.index
  }

  /// The entry that this one is a shadow or a highlight of, by its name, and which; nil if it stands for itself.
  public func base(of index: Int) -> (index: Int, variant: Variant)? {
    guard entries.indices.contains(index), entries[index].name != nil else { return nil }
    var best: (distance: Int, index: Int, variant: Variant)?
    let words = Self.words(of: entries[index].name ?? "")
    for variant in Variant.allCases {
      for (other, entry) in entries.enumerated() where other != index {
        let base = Self.words(of: entry.name ?? "")
        guard !base.isEmpty, Self.rank(of: words, as: variant, of: base) != nil else { continue }
        let distance = abs(other - index)
        if let found = best, found.distance <= distance { continue }
        best = (distance, other, variant)
      }
    }
    return best.map { ($0.index, $0.variant) }
  }

  /// The words of a name in lower case: what stands between separators, digits apart from letters.
  static func words(of name: String) -> [String] {
    var words: [String] = []
    var current = ""
    var wasDigit = false
    for character in name.lowercased() {
      if character.isWhitespace || "_-/.:()[]".contains(character) {
        if !current.isEmpty { words.append(current) }
        current = ""
        continue
      }
      if !current.isEmpty, character.isNumber != wasDigit {
        words.append(current)
        current = ""
      }
      wasDigit = character.isNumber
      current.append(character)
    }
    if !current.isEmpty { words.append(current) }
    // Japanese is written without spaces: 髪影 is 髪 and 影.
    return words.flatMap { word -> [String] in
      for ending in Variant.allCases.flatMap(\.words) where isJapanese(ending) {
        if word.hasSuffix(ending), word != ending { return [String(word.dropLast(ending.count)), ending] }
      }
      return [word]
    }
  }

  /// The number of a shadow or highlight of `base`, 1 without one; nil if `words` are no such name.
  private static func rank(of words: [String], as variant: Variant, of base: [String]) -> Int? {
    guard words.count > base.count, words.count <= base.count + 2, words.starts(with: base) else { return nil }
    let rest = words.dropFirst(base.count)
    guard let word = rest.first(where: variant.words.contains) else { return nil }
    guard rest.count == 2 else { return 1 }
    // “hair 2 shadow” is the shadow of “hair 2”.
    guard word == rest.first || isJapanese(word) else { return nil }
    return rest.first { $0 != word }.flatMap { Int($0) }
  }

  private static func isJapanese(_ word: String) -> Bool { word.unicodeScalars.allSatisfy { $0.value > 0x3000 } }
}
