// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

/// Finds the colours of all frames' regions together: what each frame was painted in, and what is the same thing in the
/// frames before and after.
struct ShotAgreement {
  /// One frame that takes part.
  struct Member {
    let frame: ShotFrame
    /// Nil for an approved picture that the shot has not made.
    let votes: FrameVotes?
    /// The colours of its regions that stand fast, where there are any: those of an approved picture, or those that hints
    /// say.
    var fixed: [RGB?]?
  }

  /// What is found for one frame: the paint of each region.
  struct Result {
    let frame: ShotFrame
    let votes: FrameVotes?
    let paints: [Flats.Paint]
    /// How many regions have another colour than the frame had alone.
    let changedCount: Int
  }

  /// The colours of all frames, in one list.
  private struct Colors {
    var list: [RGB] = []
    var names: [String?] = []
    private var places: [RGB: Int] = [:]

    mutating func place(of color: RGB, name: String?) -> Int {
      if let place = places[color] { return place }
      places[color] = list.count
      list.append(color)
      names.append(name)
      return list.count - 1
    }
  }

  private var colors = Colors()
  private var members: [Member] = []
  private var offsets = [0]
  private var links: [ColorAgreement.Link] = []
  private var weights: [Float] = []
  /// The last drawings that were looked at: links go to the next and to the one after it.
  private var window: [(member: Int, shapes: RegionShapes)] = []
  /// Links from approved frames, by the approved frame's output: it may come later.
  private var keyLinks: [(key: String, region: Int, other: Int, weight: Float)] = []
  /// What approved frames say of the colours of each member's regions.
  private var keyVotes: [Int: [(votes: [[RGB: Float]], weight: Float)]] = [:]

  /// How much a link over a frame in between counts.
  private static let skipping: Float = 0.5
  /// How much a link from an approved frame counts that is further away.
  private static let reaching: Float = 0.3

  /// Adds a frame; frames come in their order.
  ///
  /// - Parameter keys: what the nearest approved frames before and after it say of it, with the outputs of these.
  mutating func add(_ member: Member, shapes: RegionShapes, keys: [(output: String, word: KeyFrame.Word)]) throws {
    let map = shapes.map
    let index = members.count
    for (place, earlier) in window.enumerated() {
      try Task.checkCancellation()
      var matcher = RegionMatcher(earlier.shapes, shapes)
      let share = place == window.count - 1 ? 1 : Self.skipping
      for link in matcher.links() {
        links.append(
          ColorAgreement.Link(
            one: offsets[earlier.member] + link.first, other: offsets[index] + link.second, weight: link.weight * share)
        )
      }
    }
    for key in keys {
      keyLinks += key.word.links.map {
        (key.output, $0.first, offsets[index] + $0.second, $0.weight * Self.reaching)
      }
    }
    let words = keys.map(\.word).filter { $0.weight > 0 }
    // The shares of several keys add up to that of one.
    keyVotes[index] = words.map { ($0.votes, $0.weight / Float(words.count)) }
    window.append((index, shapes))
    if window.count > 2 { window.removeFirst() }
    members.append(member)
    offsets.append((offsets.last ?? 0) + map.regions.count)
    let pixels = Float(map.width * map.height)
    // Of small regions a painting tells little.
    weights += map.regions.map { 0.4 + 0.6 * min(1, Float($0.area) / pixels / 0.005) }
    if let votes = member.votes {
      for (color, name) in zip(votes.colors, votes.names) { _ = colors.place(of: color, name: name) }
    }
    for color in member.fixed ?? [] { if let color { _ = colors.place(of: color, name: nil) } }
    for word in words {
      for votes in word.votes {
        for color in votes.keys.sorted(by: { $0.description < $1.description }) {
          _ = colors.place(of: color, name: nil)
        }
      }
    }
  }

  /// The paints of all frames.
  mutating func results() throws -> [Result] {
    var votes: [[Float]] = []
    var fixed: [Int: Int] = [:]
    var groups: [[Int]] = []
    for (index, member) in members.enumerated() {
      votes += shares(of: member, index: index)
      guard let own = member.fixed else { continue }
      groups.append(Array(offsets[index]..<offsets[index + 1]))
      for (region, color) in own.enumerated() {
        if let color { fixed[offsets[index] + region] = colors.place(of: color, name: nil) }
      }
    }
    let places = Dictionary(members.enumerated().map { ($0.element.frame.output, $0.offset) }) { first, _ in first }
    let links =
      links
      + keyLinks.compactMap { link in
        places[link.key].map {
          ColorAgreement.Link(one: offsets[$0] + link.region, other: link.other, weight: link.weight)
        }
      }
    try Task.checkCancellation()
    var agreement = ColorAgreement(votes: votes, weights: weights, links: links, fixed: fixed, groups: groups)
    let chosen = agreement.colors()
    return members.enumerated().map { index, member in
      let range = offsets[index]..<offsets[index + 1]
      guard let own = member.votes else {
        return Result(frame: member.frame, votes: nil, paints: [], changedCount: 0)
      }
      let paints = zip(own.paints, range).map { paint, region in
        let place = chosen[region]
        guard colors.list[place] != paint.color else { return paint }
        return Flats.Paint(
          colors.list[place], share: Double(min(max(agreement.beliefs[region][place], 0), 1)),
          name: colors.names[place],
          entry: own.colors.firstIndex(of: colors.list[place]), distance: paint.distance)
      }
      return Result(
        frame: member.frame, votes: own, paints: paints,
        changedCount: zip(paints, own.paints).count { $0.color != $1.color })
    }
  }

  /// What a frame's regions vote for, of all frames' colours.
  private mutating func shares(of member: Member, index: Int) -> [[Float]] {
    guard let own = member.votes else {
      return [[Float]](
        repeating: [Float](repeating: 0, count: colors.list.count), count: offsets[index + 1] - offsets[index])
    }
    let places = zip(own.colors, own.names).map { colors.place(of: $0, name: $1) }
    return own.votes.enumerated().map { region, row in
      var shares = [Float](repeating: 0, count: colors.list.count)
      for pair in stride(from: 0, to: row.count, by: 2) { shares[places[row[pair]]] += Float(row[pair + 1]) / 10_000 }
      for (votes, weight) in keyVotes[index] ?? [] where !votes[region].isEmpty {
        for place in shares.indices { shares[place] *= 1 - weight }
        for (color, share) in votes[region] { shares[colors.place(of: color, name: nil)] += share * weight }
      }
      return shares
    }
  }
}
