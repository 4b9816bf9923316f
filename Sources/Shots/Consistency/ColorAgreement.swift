// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Colours of regions that are linked from drawing to drawing: what each region was painted in counts, and what those that
/// it is linked to have.
///
/// A pairwise random field, solved by mean field: `p_i(c) = softmax(u_i(c) + s sum_j w_ij p_j(c))`, with the logarithm of
/// a region's own vote as `u`, and links `w`. Regions of approved drawings stand fast, and reach as far as links are sure.
package struct ColorAgreement {
  /// One link between two regions.
  package struct Link {
    let one: Int
    let other: Int
    let weight: Float

    package init(one: Int, other: Int, weight: Float) {
      self.one = one
      self.other = other
      self.weight = weight
    }
  }

  private(set) var beliefs: [[Float]]
  private let own: [[Float]]
  private let links: [[(other: Int, weight: Float)]]
  private let fixed: [Bool]

  /// How much a sure link weighs beside a region's own vote.
  private static let strength: Float = 2.5
  /// How much an approved drawing weighs where a chain of links from it is sure: more than any vote of a network.
  private static let approval: Float = 12
  private static let rounds = 40

  /// - Parameters:
  ///   - votes: for each region the share of each colour; regions of all drawings one after the other.
  ///   - weights: how much a region's own vote counts, 0...1.
  ///   - fixed: the colour of regions that stand fast.
  ///   - groups: those regions by their drawings.
  package init(votes: [[Float]], weights: [Float], links: [Link], fixed: [Int: Int], groups: [[Int]]) {
    var own = zip(votes, weights).map { shares, weight in shares.map { log($0 + 0.03) * weight } }
    var neighbors = [[(other: Int, weight: Float)]](repeating: [], count: votes.count)
    for link in links {
      neighbors[link.one].append((link.other, link.weight))
      neighbors[link.other].append((link.one, link.weight))
    }
    self.links = neighbors
    self.fixed = votes.indices.map { fixed[$0] != nil }
    beliefs = zip(votes, weights).map { shares, _ in shares }
    // What is approved speaks for every region that a chain of links leads to, as loud as the chain is sure; of several
    // chains from one drawing the surest.
    for group in groups {
      for (region, source, sureness) in Self.reach(from: group, links: neighbors) where fixed[region] == nil {
        guard let color = fixed[source] else { continue }
        own[region][color] += Self.approval * sureness
      }
    }
    for (place, color) in fixed { beliefs[place] = beliefs[place].indices.map { $0 == color ? 1 : 0 } }
    self.own = own
  }

  /// The regions that chains lead to, each with the start of the surest one, and how sure that is.
  private static func reach(
    from starts: [Int], links: [[(other: Int, weight: Float)]]
  ) -> [(region: Int, source: Int, sureness: Float)] {
    var found: [Int: (source: Int, sureness: Float)] = [:]
    for start in starts { found[start] = (start, 1) }
    var front = starts
    while !front.isEmpty {
      var next: Set<Int> = []
      for place in front {
        guard let (source, sure) = found[place] else { continue }
        for (other, weight) in links[place] {
          // A link that is nearly sure is as good as sure: chains are long.
          let sureness = sure * (1 - (1 - weight) * (1 - weight))
          if sureness > 0.15, sureness > (found[other]?.sureness ?? 0) * 1.0001 {
            found[other] = (source, sureness)
            next.insert(other)
          }
        }
      }
      front = next.sorted()
    }
    let origins = Set(starts)
    return found.filter { !origins.contains($0.key) }.sorted { $0.key < $1.key }.map {
      ($0.key, $0.value.source, $0.value.sureness)
    }
  }

  /// The colour of each region.
  package mutating func colors() -> [Int] {
    for _ in 0..<Self.rounds {
      var change: Float = 0
      for place in beliefs.indices where !fixed[place] && !links[place].isEmpty {
        var energy = own[place]
        for (other, weight) in links[place] {
          for color in energy.indices { energy[color] += Self.strength * weight * beliefs[other][color] }
        }
        let most = energy.max() ?? 0
        var sum: Float = 0
        for color in energy.indices {
          energy[color] = exp(energy[color] - most)
          sum += energy[color]
        }
        for color in energy.indices {
          energy[color] /= sum
          change = max(change, abs(energy[color] - beliefs[place][color]))
        }
        beliefs[place] = energy
      }
      if change < 1e-3 { break }
    }
    return beliefs.map { belief in
      var best = 0
      for color in belief.indices where belief[color] > belief[best] { best = color }
      return best
    }
  }
}
