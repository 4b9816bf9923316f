// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The palette entry that a region's samples vote for.
///
/// A sample votes for every entry by how near it is, relative to the nearest: `exp(-(d^2 - m^2) / (2 s^2))` of the
/// CIEDE2000 difference `d`, the least difference `m` and `s = 4`. So a network's soft and pale colours, which lie
/// between entries, count for both.
struct PaletteVote {
  private let palette: Palette
  private let labs: [Lab]
  private let families: PaletteFamilies
  /// The entries that can be voted for.
  private let candidates: [Int]
  /// What the entries get from each colour, which many samples share.
  private var votes: [UInt32: [(entry: Int, vote: Float)]] = [:]

  /// How alike the colours of two entries are, 0...1, of pairs that were asked for.
  private var likenesses: [SIMD2<Int>: Float] = [:]

  private static let width = 4.0
  private static let support = 6.0

  private init(_ palette: Palette, candidates: [Int]) {
    self.palette = palette
    self.candidates = candidates
    labs = palette.entries.map { Lab($0.color) }
    families = PaletteFamilies(palette)
  }

  /// The paints of all regions, and by region the share of its vote that each entry of the palette gets, 0...1.
  ///
  /// - Parameter sides: which entries belong to which side of the picture; nil where all regions may have all.
  static func result(
    _ palette: Palette, sides: PaletteSides?, ballots: Ballots, map: RegionMap
  ) -> (paints: [Flats.Paint], shares: [[Float]]) {
    let results = results(palette, sides: sides, ballots: ballots, map: map)
    return (results.map(\.paint), results.map(\.shares))
  }

  private typealias RegionResult = (paint: Flats.Paint, shares: [Float])

  private static func results(
    _ palette: Palette, sides: PaletteSides?, ballots: Ballots, map: RegionMap
  ) -> [RegionResult] {
    let all = Array(palette.entries.indices)
    var both = PaletteVote(palette, candidates: all)
    guard let sides else { return map.regions.map { both.paint($0, ballots) } }
    // What belongs to no side may be of either.
    var figure = PaletteVote(palette, candidates: all.filter { sides.isFigure[$0] || !sides.isGround[$0] })
    var ground = PaletteVote(palette, candidates: all.filter { sides.isGround[$0] || !sides.isFigure[$0] })
    let shares = sides.figureShares(map)
    return map.regions.map { region in
      switch shares[region.id] {
      case ..<PaletteSides.least where !ground.candidates.isEmpty: ground.paint(region, ballots)
      case (1 - PaletteSides.least)... where !figure.candidates.isEmpty: figure.paint(region, ballots)
      default: both.paint(region, ballots)
      }
    }
  }

  private mutating func count(_ region: Region, _ ballots: Ballots) -> (counts: [Float], total: Float) {
    var counts = [Float](repeating: 0, count: labs.count)
    var total: Float = 0
    for sample in ballots[region.id] {
      let color = sample.color
      let key = UInt32(color.x / 4) << 16 | UInt32(color.y / 4) << 8 | UInt32(color.z / 4)
      let own = votes[key] ?? vote(sample.lab)
      votes[key] = own
      for (entry, vote) in own { counts[entry] += vote * sample.weight }
      total += sample.weight
    }
    return (counts, total)
  }

  private mutating func paint(_ region: Region, _ ballots: Ballots) -> RegionResult {
    let (counts, total) = count(region, ballots)
    let (entry, votes) = families.choice(supported(counts), region.shade)
    let painted = ballots.result(of: region.id).lab
    let paint = Flats.Paint(
      palette.entries[entry].color, share: total > 0 ? min(1, Double(votes / total)) : 0,
      name: palette.entries[entry].name, entry: entry,
      distance: candidates.reduce(.infinity) { min($0, labs[$1].difference(to: painted)) })
    return (paint, total > 0 ? counts.map { $0 / total } : counts)
  }

  /// The votes with what like colours lend to each other: a gradient's votes go to many entries, and still outweigh
  /// those for one that is unlike all of them.
  private mutating func supported(_ counts: [Float]) -> [Float] {
    let voted = candidates.filter { counts[$0] > 0 }
    var sums = counts
    for entry in voted {
      for other in voted where other != entry { sums[other] += likeness(entry, other) * counts[entry] }
    }
    return sums
  }

  private mutating func likeness(_ first: Int, _ second: Int) -> Float {
    let pair = SIMD2(min(first, second), max(first, second))
    if let known = likenesses[pair] { return known }
    let distance = labs[first].difference(to: labs[second])
    let likeness = Float(exp(-distance * distance / (2 * Self.support * Self.support)))
    likenesses[pair] = likeness
    return likeness
  }

  /// Shares that add up to 1.
  private func vote(_ lab: SIMD3<Float>) -> [(entry: Int, vote: Float)] {
    let own = Lab(lightness: Double(lab.x), a: Double(lab.y), b: Double(lab.z))
    let distances = candidates.map { labs[$0].difference(to: own) }
    let least = distances.min() ?? 0
    let weights = distances.map { exp(-($0 * $0 - least * least) / (2 * Self.width * Self.width)) }
    let sum = weights.reduce(0, +)
    return weights.indices.filter { weights[$0] > 0.01 * sum }.map { (candidates[$0], Float(weights[$0] / sum)) }
  }
}
