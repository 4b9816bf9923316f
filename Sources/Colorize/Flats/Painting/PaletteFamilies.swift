// SPDX-License-Identifier: Apache-2.0

/// The entries of a palette that are variants of each other, by their names: “hair”, “hair shadow” and
/// “hair highlight”, spelled as for ``Palette/variant(of:_:)``.
struct PaletteFamilies {
  /// The base entry of each entry: itself where it is no variant.
  private let bases: [Int]
  private let variants: [[Shade: Int]]

  init(_ palette: Palette) {
    let names = palette.entries.map { Palette.words(of: $0.name ?? "") }
    var places: [[String]: Int] = [:]
    // The first of several entries of one name is the one that is meant.
    for (index, name) in names.enumerated().reversed() where !name.isEmpty { places[name] = index }
    var bases = Array(palette.entries.indices)
    var variants = [[Shade: Int]](repeating: [:], count: palette.entries.count)
    for (index, name) in names.enumerated() {
      guard name.count > 1, let shade = name.last.flatMap(Self.shade), let base = places[Array(name.dropLast())]
      else { continue }
      bases[index] = base
      if variants[base][shade] == nil { variants[base][shade] = index }
    }
    self.bases = bases
    self.variants = variants
  }

  /// What a name's last word makes of its entry, by the words of ``Palette/Variant``.
  private static func shade(_ word: String) -> Shade? {
    if Palette.Variant.shadow.words.contains(word) { return .shadow }
    return Palette.Variant.highlight.words.contains(word) ? .highlight : nil
  }

  /// What the votes choose, and how many they are.
  ///
  /// A region that guides shade is voted on as an object, whose variants' votes count together; it takes the variant
  /// for its shade, or the base where there is none. Any other region takes the entry with the most votes.
  func choice(_ votes: [Float], _ shade: Shade) -> (entry: Int, votes: Float) {
    guard shade != .base else {
      let best = Self.first(of: votes)
      return (best, votes[best])
    }
    var sums = [Float](repeating: 0, count: votes.count)
    for (entry, vote) in votes.enumerated() { sums[bases[entry]] += vote }
    let best = Self.first(of: sums)
    return (variants[best][shade] ?? best, sums[best])
  }

  private static func first(of votes: [Float]) -> Int {
    var best = 0
    for entry in votes.indices where votes[entry] > votes[best] { best = entry }
    return best
  }
}
