import Colorize
import DiffusionCore

/// Finds the colours of all frames' regions together: what each frame was painted in, and what is the same thing in the
/// frames before and after.
struct ShotAgreement {
  /// One frame that takes part.
  struct Member {
    let frame: ShotFrame
    let votes: FrameVotes
    /// The colours of its regions where it is approved.
    var approved: [RGB]?
  }

  /// What is found for one frame: the paint of each region.
  struct Result {
    let frame: ShotFrame
    let votes: FrameVotes
    let paints: [Flats.Paint]
    /// How many regions have another colour than the frame had alone.
    let changedCount: Int
    let isApproved: Bool
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

  /// How much a link over a frame in between counts.
  private static let skipping: Float = 0.5

  /// Adds a frame; frames come in their order.
  mutating func add(_ member: Member, map: RegionMap) throws {
    let shapes = RegionShapes(map)
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
    window.append((index, shapes))
    if window.count > 2 { window.removeFirst() }
    members.append(member)
    offsets.append((offsets.last ?? 0) + map.regions.count)
    let pixels = Float(map.width * map.height)
    // Of small regions a painting tells little.
    weights += map.regions.map { 0.4 + 0.6 * min(1, Float($0.area) / pixels / 0.005) }
    for (color, name) in zip(member.votes.colors, member.votes.names) { _ = colors.place(of: color, name: name) }
    for color in member.approved ?? [] { _ = colors.place(of: color, name: nil) }
  }

  /// The paints of all frames.
  mutating func results() throws -> [Result] {
    var votes: [[Float]] = []
    var fixed: [Int: Int] = [:]
    var groups: [[Int]] = []
    for (index, member) in members.enumerated() {
      let places = zip(member.votes.colors, member.votes.names).map { colors.place(of: $0, name: $1) }
      for row in member.votes.votes {
        var shares = [Float](repeating: 0, count: colors.list.count)
        for pair in stride(from: 0, to: row.count, by: 2) { shares[places[row[pair]]] += Float(row[pair + 1]) / 10_000 }
        votes.append(shares)
      }
      guard let approved = member.approved else { continue }
      groups.append(Array(offsets[index]..<offsets[index + 1]))
      for (region, color) in approved.enumerated() {
        fixed[offsets[index] + region] = colors.place(of: color, name: nil)
      }
    }
    try Task.checkCancellation()
    var agreement = ColorAgreement(votes: votes, weights: weights, links: links, fixed: fixed, groups: groups)
    let chosen = agreement.colors()
    return members.enumerated().map { index, member in
      var changed = 0
      let paints = zip(member.votes.paints, chosen[offsets[index]..<offsets[index + 1]]).enumerated().map {
        region, pair in
        let (own, place) = pair
        guard colors.list[place] != own.color else { return own }
        changed += 1
        let share = agreement.beliefs[offsets[index] + region][place]
        return Flats.Paint(
          colors.list[place], share: Double(min(max(share, 0), 1)), name: colors.names[place],
          entry: member.votes.colors.firstIndex(of: colors.list[place]), distance: own.distance)
      }
      return Result(
        frame: member.frame, votes: member.votes, paints: paints, changedCount: changed,
        isApproved: member.approved != nil)
    }
  }
}
