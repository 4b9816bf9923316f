// SPDX-License-Identifier: Apache-2.0

import Colorize
import Glibc

/// A region of one drawing that is taken for one of another.
package struct RegionLink: Sendable, Hashable {
  package let first: Int
  package let second: Int
  /// How sure that is, 0...1.
  package let weight: Float
}

/// Finds which regions of two drawings of a cut are the same things: by shape, place, and what lies beside them.
///
/// Each pair of regions that may be the same has a likelihood, which starts from area, form and place, and is then revised
/// a few times: a pair is likely where the neighbours' likely pairs are neighbours as well, and where they have moved as
/// the neighbours have (relaxation labelling: Rosenfeld, Hummel and Zucker 1976). In the end only pairs that are each
/// other's best are kept.
package struct RegionMatcher {
  private let first: RegionShapes
  private let second: RegionShapes
  /// The first regions as they are expected in the second drawing, before anything moves on its own.
  private let expected: [RegionShape]
  /// For each first region the second ones that it may be.
  private var candidates: [[Candidate]]

  private struct Candidate {
    let region: Int
    /// By area and form: 0...1.
    let likeness: Float
    /// The share of the smaller one that the other covers where it lies.
    let overlap: Float
    var likelihood: Float = 0
  }

  /// How far a region may move between two drawings, in diagonals.
  private static let reach: Float = 0.22
  /// How far it moves otherwise than its neighbours, in diagonals.
  private static let deviation: Float = 0.035
  private static let rounds = 6

  /// - Parameter map: from places of the first drawing to places of the second, where it is known how one lies in the
  ///   other; nil takes them for drawings that lie one on the other.
  package init(_ first: RegionShapes, _ second: RegionShapes, map: AffineMap? = nil) {
    self.first = first
    self.second = second
    let expected = map.map { first.moved(by: $0, into: second) } ?? first.shapes
    self.expected = expected
    let overlaps = Self.overlaps(first.map, second.map, map: map)
    candidates = first.shapes.indices.map { one in
      second.shapes.indices.compactMap { other in
        let overlap = overlaps[UInt64(one) << 32 | UInt64(other)] ?? 0
        return Self.candidate(expected[one], second.shapes[other], other, overlap: overlap)
      }
    }
  }

  /// The share of the smaller of two regions that the other covers, where one drawing lies on the other.
  private static func overlaps(_ first: RegionMap, _ second: RegionMap, map: AffineMap?) -> [UInt64: Float] {
    var counts: [UInt64: Int] = [:]
    let own = SIMD2(Double(first.width), Double(first.height))
    let other = SIMD2(Double(second.width), Double(second.height))
    let isSame = map == nil && own == other
    for y in 0..<first.height {
      for x in 0..<first.width {
        let pixel = y * first.width + x
        var target = pixel
        if !isSame {
          let center = SIMD2(Double(x) + 0.5, Double(y) + 0.5)
          let place = map.map { $0(pixel: center, of: own, in: other) } ?? center / own * other
          guard place.x >= 0, place.y >= 0, place.x < other.x, place.y < other.y else { continue }
          target = Int(place.y) * second.width + Int(place.x)
        }
        counts[UInt64(first.labels[pixel]) << 32 | UInt64(second.labels[target]), default: 0] += 1
      }
    }
    // How many pixels of the first drawing a pixel of the second is.
    let scale =
      map.map { 1 / max(abs($0.determinant) * (other.max() / own.max()) * (other.max() / own.max()), 1e-9) }
      ?? own.x * own.y / (other.x * other.y)
    var shares: [UInt64: Float] = [:]
    for (key, count) in counts {
      let smaller = min(
        Double(first.regions[Int(key >> 32)].area), Double(second.regions[Int(key & 0xFFFF_FFFF)].area) * scale)
      shares[key] = Float(min(1, Double(count) / max(1, smaller)))
    }
    return shares
  }

  private static func candidate(
    _ one: RegionShape, _ other: RegionShape, _ region: Int, overlap: Float
  ) -> Candidate? {
    let step = one.center - other.center
    let distance = (step * step).sum().squareRoot()
    guard distance < reach || overlap > 0.3 else { return nil }
    // What is cut off by the picture's edge, or hidden in part, changes its area and its form.
    let isPartial = one.isCut || other.isCut
    let areaStep = (one.logArea - other.logArea) / (isPartial ? 1.2 : 0.6)
    guard abs(areaStep) < 3 else { return nil }
    let formStep = (one.elongation - other.elongation) / (isPartial ? 0.5 : 0.25)
    let fullnessStep = (one.fullness - other.fullness) / (isPartial ? 0.5 : 0.25)
    // Long things are told apart by where they point to.
    let turn = 1 - (one.axis * other.axis).sum()
    let axisStep = turn * min(one.elongation, other.elongation) / (isPartial ? 1.2 : 0.7)
    let likeness = exp(
      -0.5 * (areaStep * areaStep + formStep * formStep + fullnessStep * fullnessStep + axisStep * axisStep))
    guard likeness > 0.002 else { return nil }
    return Candidate(region: region, likeness: likeness, overlap: overlap)
  }

  /// The pairs, by the first drawing's regions.
  package mutating func links() -> [RegionLink] {
    var moves = [SIMD2<Float>](repeating: .zero, count: first.shapes.count)
    var deviation: Float = 0.09
    for round in 0..<Self.rounds {
      let support = round == 0 ? nil : supports()
      for one in candidates.indices {
        for place in candidates[one].indices {
          let candidate = candidates[one][place]
          let step = second.shapes[candidate.region].center - expected[one].center - moves[one]
          let near = exp(-0.5 * (step * step).sum() / (deviation * deviation))
          // A large region whose visible part changes has its middle elsewhere, and lies where it lay.
          let isThere = max(near, 0.9 * candidate.overlap * candidate.overlap)
          let beside = support.map { 0.15 + $0[one][place] } ?? 1
          candidates[one][place].likelihood = candidate.likeness * isThere * beside
        }
      }
      normalize()
      moves = expectedMoves()
      deviation = max(Self.deviation, deviation * 0.75)
    }
    return mutualBest()
  }

  /// Rows and columns that add up to at most 1, with room for what has no partner.
  private mutating func normalize() {
    for _ in 0..<4 {
      var columns = [Float](repeating: Self.none, count: second.shapes.count)
      for row in candidates { for candidate in row { columns[candidate.region] += candidate.likelihood } }
      for one in candidates.indices {
        for place in candidates[one].indices {
          candidates[one][place].likelihood /= columns[candidates[one][place].region]
        }
        let sum = candidates[one].reduce(Self.none) { $0 + $1.likelihood }
        for place in candidates[one].indices { candidates[one][place].likelihood /= sum }
      }
    }
  }

  /// The likelihood of having no partner, before it is set against those of partners.
  private static let none: Float = 0.02

  /// For each pair how much of the one's bounds lies beside regions whose partners lie beside the other.
  private func supports() -> [[Float]] {
    let best = candidates.map { row in
      Dictionary(row.filter { $0.likelihood > 0.05 }.map { ($0.region, $0.likelihood) }) { max($0, $1) }
    }
    return candidates.indices.map { one in
      let own = first.shapes[one].neighbors
      return candidates[one].map { candidate in
        let others = second.shapes[candidate.region].neighbors
        var sum: Float = 0
        for neighbor in own {
          var most: Float = 0
          for other in others {
            if let likelihood = best[neighbor.region][other.region] {
              most = max(
                most,
                likelihood
                  * min(
                    1, (neighbor.share + 0.02) / (other.share + 0.02), (other.share + 0.02) / (neighbor.share + 0.02)))
            }
          }
          sum += neighbor.share * most
        }
        return sum
      }
    }
  }

  /// Where each region goes, by its own pairs and by those of its neighbours.
  private func expectedMoves() -> [SIMD2<Float>] {
    let own = candidates.indices.map { one -> (move: SIMD2<Float>, weight: Float) in
      guard let best = candidates[one].max(by: { $0.likelihood < $1.likelihood }) else { return (.zero, 0) }
      let isPartial = first.shapes[one].isCut || second.shapes[best.region].isCut
      return (
        second.shapes[best.region].center - expected[one].center,
        isPartial ? best.likelihood * 0.1 : best.likelihood
      )
    }
    return candidates.indices.map { one in
      var (move, total) = (own[one].move * own[one].weight, own[one].weight)
      for neighbor in first.shapes[one].neighbors {
        let weight = own[neighbor.region].weight * neighbor.share
        move += own[neighbor.region].move * weight
        total += weight
      }
      return total > 0 ? move / total : .zero
    }
  }

  private func mutualBest() -> [RegionLink] {
    var bestOfSecond = [(first: Int, likelihood: Float)](repeating: (-1, 0), count: second.shapes.count)
    for one in candidates.indices {
      for candidate in candidates[one] where candidate.likelihood > bestOfSecond[candidate.region].likelihood {
        bestOfSecond[candidate.region] = (one, candidate.likelihood)
      }
    }
    return candidates.indices.compactMap { one in
      guard let best = candidates[one].max(by: { $0.likelihood < $1.likelihood }), best.likelihood > 0.2,
        bestOfSecond[best.region].first == one
      else { return nil }
      return RegionLink(first: one, second: best.region, weight: min(1, best.likelihood))
    }
  }
}
