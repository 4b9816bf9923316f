/// The entries of a palette that are variants of each other, by their names: “hair”, “hair shadow” and
/// “hair highlight”.
struct PaletteFamilies {
  /// The base entry of each entry: itself where it is no variant.
  private let bases: [Int]
  private let variants: [[Shade: Int]]

  init(_ palette: Palette) {
    let names = palette.entries.map { ($0.name ?? "").lowercased().split(whereSeparator: \.isWhitespace).map(String.init) }
    var places: [[String]: Int] = [:]
    for (index, name) in names.enumerated().reversed() where !name.isEmpty { places[name] = index }
    var bases = Array(palette.entries.indices)
    var variants = [[Shade: Int]](repeating: [:], count: palette.entries.count)
    for (index, name) in names.enumerated() {
      guard name.count > 1, let shade = name.last.flatMap(Shade.init(rawValue:)), shade != .base,
        let base = places[name.dropLast()]
      else { continue }
      bases[index] = base
      if variants[base][shade] == nil { variants[base][shade] = index }
    }
    self.bases = bases
    self.variants = variants
  }

  func base(of entry: Int) -> Int { bases[entry] }

  /// The entry's variant for a shade: itself where the palette has none.
  func variant(of entry: Int, _ shade: Shade) -> Int { variants[bases[entry]][shade] ?? entry }

  func isGiven(_ shade: Shade) -> Bool { shade != .base }

  func sums(_ counts: [Float]) -> [Float] { counts }
}
