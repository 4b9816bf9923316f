// SPDX-License-Identifier: Apache-2.0

import Colorize
import Shots
import TestSupport
import Testing

/// Regions that are found again from drawing to drawing, on cuts whose every pixel is known.
struct ConsistencyTests {
  /// A cut with the part that each region of each frame is.
  private struct Known {
    var shapes: [RegionShapes] = []
    /// By frame and region.
    var names: [[String]] = []
    var colors: [[RGB]] = []

    init(seed: Int, count: Int = 10, size: Int = 256) throws {
      let shot = ProceduralShot(count: count, size: size, seed: seed)
      for index in 0..<count {
        let frame = try shot.frame(index)
        let map = try RegionMap(lineArt: frame.sketch)
        var counts = [[Int: Int]](repeating: [:], count: map.regions.count)
        for (pixel, label) in map.labels.enumerated() { counts[Int(label)][frame.labels[pixel], default: 0] += 1 }
        let parts = counts.map { $0.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0 }
        shapes.append(RegionShapes(map))
        names.append(parts.map { frame.names[$0] })
        colors.append(parts.map { frame.colors[$0] })
      }
    }

    /// The share of regions that have their true colour, and of those whose part is in the frame before in another one.
    func score(_ found: [[RGB]]) -> (right: Double, changed: Double) {
      var (right, all, changed, pairs) = (0, 0, 0, 0)
      for frame in found.indices {
        for region in found[frame].indices {
          all += 1
          right += found[frame][region] == colors[frame][region] ? 1 : 0
          guard frame > 0 else { continue }
          let before = names[frame - 1].indices.filter { names[frame - 1][$0] == names[frame][region] }
          guard !before.isEmpty else { continue }
          pairs += 1
          changed += before.contains { found[frame - 1][$0] == found[frame][region] } ? 0 : 1
        }
      }
      return (Double(right) / Double(all), Double(changed) / Double(max(pairs, 1)))
    }
  }

  @Test(arguments: 0..<3) func regionsAreFoundAgain(seed: Int) throws {
    let known = try Known(seed: seed)
    var (links, right, possible) = (0, 0, 0)
    for frame in 1..<known.shapes.count {
      var matcher = RegionMatcher(known.shapes[frame - 1], known.shapes[frame])
      for link in matcher.links() {
        links += 1
        right += known.names[frame - 1][link.first] == known.names[frame][link.second] ? 1 : 0
      }
      possible += known.names[frame - 1].count { known.names[frame].contains($0) }
    }
    // With ten frames a cut each step is more than twice as long as in one of 24, where 0.89 are right. Found: 0.80, 0.82
    // and 0.86, and of what could be found 0.77, 0.75 and 0.78.
    #expect(Double(right) / Double(links) > 0.75, "\(right) of \(links)")
    #expect(Double(right) / Double(possible) > 0.7, "\(right) of \(possible)")
  }

  /// What regions are painted in, and what they agree on.
  private struct Painted {
    let palette: [RGB]
    /// By frame and region, a place in the palette.
    let alone: [[Int]]

    /// A network that mistakes some regions of each frame anew.
    init(_ known: Known, mistakes: Double, seed: UInt64) {
      var state = seed
      func random() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 33) / Double(UInt64(1) << 31)
      }
      var palette: [RGB] = []
      for color in known.colors.joined() where !palette.contains(color) { palette.append(color) }
      alone = known.colors.map { colors in
        colors.map { color in
          random() < mistakes
            ? min(palette.count - 1, Int(random() * Double(palette.count))) : palette.firstIndex(of: color) ?? 0
        }
      }
      self.palette = palette
    }

    func colors(_ places: [[Int]]) -> [[RGB]] { places.map { $0.map { palette[$0] } } }

    /// - Parameter approved: frames whose colours are known.
    func agreed(_ known: Known, approved: [Int] = []) -> [[RGB]] {
      var offsets = [0]
      for frame in alone { offsets.append((offsets.last ?? 0) + frame.count) }
      var links: [ColorAgreement.Link] = []
      for frame in alone.indices {
        for step in [1, 2] where frame + step < alone.count {
          var matcher = RegionMatcher(known.shapes[frame], known.shapes[frame + step])
          links += matcher.links().map {
            ColorAgreement.Link(
              one: offsets[frame] + $0.first, other: offsets[frame + step] + $0.second,
              weight: step == 1 ? $0.weight : $0.weight / 2)
          }
        }
      }
      var fixed: [Int: Int] = [:]
      for frame in approved {
        for (region, color) in known.colors[frame].enumerated() {
          fixed[offsets[frame] + region] = palette.firstIndex(of: color)
        }
      }
      let votes = alone.joined().map { place in
        palette.indices.map { $0 == place ? Float(0.7) : 0.3 / Float(palette.count) }
      }
      var agreement = ColorAgreement(
        votes: votes, weights: [Float](repeating: 0.7, count: votes.count), links: links, fixed: fixed,
        groups: approved.map { Array(offsets[$0]..<offsets[$0 + 1]) })
      let found = agreement.colors()
      return colors(alone.indices.map { Array(found[offsets[$0]..<offsets[$0 + 1]]) })
    }

    /// Each region in the colour that most of it had in the frame before: what copying by position makes.
    func copied(_ known: Known, approved: [Int] = []) -> [[RGB]] {
      var frames: [[RGB]] = []
      for frame in alone.indices {
        if approved.contains(frame) {
          frames.append(known.colors[frame])
        } else if frame == 0 {
          frames.append(alone[0].map { palette[$0] })
        } else {
          let (map, before) = (known.shapes[frame].map, known.shapes[frame - 1].map)
          var counts = [[RGB: Int]](repeating: [:], count: map.regions.count)
          for (pixel, label) in map.labels.enumerated() {
            counts[Int(label)][frames[frame - 1][Int(before.labels[pixel])], default: 0] += 1
          }
          frames.append(
            counts.map {
              $0.max { ($0.value, $1.key.description) < ($1.value, $0.key.description) }?.key ?? RGB(0, 0, 0)
            })
        }
      }
      return frames
    }
  }

  @Test(arguments: 0..<3) func agreementMendsWhatFlickers(seed: Int) throws {
    let known = try Known(seed: seed)
    let painted = Painted(known, mistakes: 0.35, seed: UInt64(seed) + 1)
    let alone = known.score(painted.colors(painted.alone))
    let agreed = known.score(painted.agreed(known))
    let copied = known.score(painted.copied(known))
    // Found: 0.68 right alone, 0.83 to 0.87 agreed, 0.29 to 0.35 copied.
    #expect(alone.right < 0.75 && alone.changed > 0.35, "\(alone)")
    #expect(agreed.right > alone.right + 0.1 && agreed.right > copied.right, "\(agreed), \(alone), \(copied)")
    #expect(agreed.changed < alone.changed / 2, "\(agreed), \(alone)")
  }

  @Test(arguments: 0..<3) func approvedFramesReachTheOthers(seed: Int) throws {
    let known = try Known(seed: seed)
    // Nothing that the network says is of any use.
    let painted = Painted(known, mistakes: 1, seed: UInt64(seed) + 1)
    let approved = [0, 9]
    let agreed = known.score(painted.agreed(known, approved: approved))
    let copied = known.score(painted.copied(known, approved: approved))
    #expect(agreed.right > copied.right + 0.1, "\(agreed), \(copied)")
    #expect(painted.agreed(known, approved: approved)[0] == known.colors[0])
    #expect(painted.agreed(known, approved: approved)[9] == known.colors[9])
  }

  @Test func theSameDrawingIsFoundWhole() throws {
    let known = try Known(seed: 1, count: 1)
    var matcher = RegionMatcher(known.shapes[0], known.shapes[0])
    let links = matcher.links()
    #expect(links.allSatisfy { $0.first == $0.second })
    #expect(links.count > known.shapes[0].shapes.count * 9 / 10, "\(links.count) of \(known.shapes[0].shapes.count)")
  }

  @Test func blankDrawingsAreNoTrouble() throws {
    let blank = RegionShapes(try RegionMap(lineArt: Image(width: 40, height: 30, color: [255])))
    let known = try Known(seed: 0, count: 1)
    var matcher = RegionMatcher(blank, known.shapes[0])
    #expect(matcher.links().count <= 1)
    var back = RegionMatcher(known.shapes[0], blank)
    #expect(back.links().count <= 1)
    var agreement = ColorAgreement(votes: [], weights: [], links: [], fixed: [:], groups: [])
    #expect(agreement.colors().isEmpty)
  }
}
