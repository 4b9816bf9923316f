import Glibc

extension Flats {
  /// The share of each region's vote that each entry of a palette gets from a painting, by region and entry: 0...1.
  ///
  /// - Throws: `CancellationError`.
  package static func shares(_ map: RegionMap, painting: Image, palette: Palette) throws -> [[Float]] {
    PaletteVote(palette).shares(try Ballots(map, painting: painting.composited()), regions: map.regions)
  }
}

/// The palette entry that a region's samples vote for.
///
/// A sample votes for every entry by how near it is, relative to the nearest: `exp(-(d^2 - m^2) / (2 s^2))` of the
/// CIEDE2000 difference `d`, the least difference `m` and `s = 4`. So a network's soft and pale colours, which lie
/// between entries, count for both.
struct PaletteVote {
  private let palette: Palette
  private let labs: [Lab]
  private let families: PaletteFamilies

  private static let width = 4.0

  init(_ palette: Palette) {
    self.palette = palette
    labs = palette.entries.map { Lab($0.color) }
    families = PaletteFamilies(palette)
  }

  func paints(_ ballots: Ballots, regions: [Region]) -> [Flats.Paint] {
    counts(ballots, regions: regions) { region, counts, total in paint(region, ballots, counts, total) }
  }

  /// The share of each region's vote that each entry gets.
  func shares(_ ballots: Ballots, regions: [Region]) -> [[Float]] {
    counts(ballots, regions: regions) { _, counts, total in total > 0 ? counts.map { $0 / total } : counts }
  }

  private func counts<R>(
    _ ballots: Ballots, regions: [Region], _ use: (_ region: Region, _ counts: [Float], _ total: Float) -> R
  ) -> [R] {
    // What the entries get from each colour, which many samples share.
    var votes: [UInt32: [(entry: Int, vote: Float)]] = [:]
    return regions.map { region in
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
      return use(region, counts, total)
    }
  }

  private func paint(_ region: Region, _ ballots: Ballots, _ counts: [Float], _ total: Float) -> Flats.Paint {
    let (entry, votes) = families.choice(counts, region.shade)
    let painted = ballots.result(of: region.id).lab
    return Flats.Paint(
      palette.entries[entry].color, share: total > 0 ? min(1, Double(votes / total)) : 0,
      name: palette.entries[entry].name, entry: entry,
      distance: labs.reduce(.infinity) { min($0, $1.difference(to: painted)) })
  }

  /// Shares that add up to 1.
  private func vote(_ lab: SIMD3<Float>) -> [(entry: Int, vote: Float)] {
    let own = Lab(lightness: Double(lab.x), a: Double(lab.y), b: Double(lab.z))
    let distances = labs.map { $0.difference(to: own) }
    let least = distances.min() ?? 0
    let weights = distances.map { exp(-($0 * $0 - least * least) / (2 * Self.width * Self.width)) }
    let sum = weights.reduce(0, +)
    return weights.indices.filter { weights[$0] > 0.01 * sum }.map { ($0, Float(weights[$0] / sum)) }
  }
}
