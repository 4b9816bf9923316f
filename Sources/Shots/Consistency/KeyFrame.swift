// SPDX-License-Identifier: Apache-2.0

import Colorize

/// An approved frame, as the frames around it look at it.
struct KeyFrame: Sendable {
  let shapes: RegionShapes
  let edges: DrawingEdges
  /// The colours of its regions; nil where lines hide all of one.
  let colors: [RGB?]

  /// How the agreement of edges becomes trust: drawings of different things agree by up to 0.56.
  private static let unsure = (least: 0.55, most: 0.75)
  /// From here on the alignment says where regions have gone.
  private static let sure = 0.6
  /// The share of a vote that goes to keys where it is sure how a drawing lies in them.
  private static let share = 0.8
  /// Where less of a region than this is seen in a key, the key does not vote.
  private static let leastSeen: Float = 0.15

  /// What a key says of a frame.
  struct Word {
    /// From the key's regions to the frame's.
    let links: [RegionLink]
    /// For each region of the frame the colours that lie at its place in the key, and the share of each; empty where
    /// too little is seen.
    let votes: [[RGB: Float]]
    /// How much of a region's vote they are, 0...1, if no other key votes.
    let weight: Float
  }

  /// - Parameters:
  ///   - frame: the frame's regions.
  ///   - edges: those of its drawing.
  func word(on frame: RegionShapes, edges: DrawingEdges) throws -> Word {
    let found = try edges.alignment(in: self.edges)
    var matcher = RegionMatcher(shapes, frame, map: found.score >= Self.sure ? found.map.inverse : nil)
    let links = matcher.links()
    let trust = min(max((found.score - Self.unsure.least) / (Self.unsure.most - Self.unsure.least), 0), 1)
    return Word(
      links: links, votes: trust > 0 ? votes(for: frame.map, through: found.map) : [],
      weight: Float(Self.share * trust))
  }

  /// The key's colours at the places of a frame's regions.
  private func votes(for frame: RegionMap, through map: AffineMap) -> [[RGB: Float]] {
    var counts = [[RGB: Int]](repeating: [:], count: frame.regions.count)
    let key = shapes.map
    let own = SIMD2(Double(frame.width), Double(frame.height))
    let size = SIMD2(Double(key.width), Double(key.height))
    for y in 0..<frame.height {
      for x in 0..<frame.width {
        let center = SIMD2(Double(x) + 0.5, Double(y) + 0.5)
        let place = map(pixel: center, of: own, in: size)
        guard place.x >= 0, place.y >= 0, place.x < size.x, place.y < size.y else { continue }
        let region = Int(key.labels[Int(place.y) * key.width + Int(place.x)])
        guard let color = colors[region] else { continue }
        counts[Int(frame.labels[y * frame.width + x])][color, default: 0] += 1
      }
    }
    return zip(frame.regions, counts).map { region, counts in
      let seen = Float(counts.values.reduce(0, +))
      guard seen > Self.leastSeen * Float(region.area) else { return [:] }
      return counts.mapValues { Float($0) / seen }
    }
  }
}
