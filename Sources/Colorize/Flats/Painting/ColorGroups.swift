// SPDX-License-Identifier: Apache-2.0

/// Colours that regions share: an object that lines part into several regions was painted in as many slightly
/// different colours, and has one.
struct ColorGroups {
  let paints: [Flats.Paint]

  private struct Group {
    var lab: Lab
    var color: SIMD3<Float>
    var weight: Double
  }

  /// The most groups that are found before they are joined down to fewer.
  private static let groupLimit = 1024

  init(_ ballots: Ballots, options: FlatsOptions) {
    let results = ballots.areas.indices.map { ballots.result(of: $0) }
    // Large regions that are seen clearly say what colours there are.
    let weights = results.indices.map {
      Double(ballots.areas[$0]) * (0.05 + results[$0].reliability * results[$0].share)
    }
    let order = results.indices.sorted { (weights[$1], $0) < (weights[$0], $1) }
    var groups: [Group] = []
    for region in order {
      let result = results[region]
      let nearest = Self.nearest(to: result.lab, in: groups)
      // What is blurred all over may have a colour of its own only where nothing is near.
      let radius = options.mergeDistance * (1 + (1 - result.reliability))
      if let nearest, nearest.distance <= radius || groups.count >= Self.groupLimit {
        groups[nearest.index].weight += weights[region]
      } else {
        groups.append(Group(lab: result.lab, color: result.color, weight: weights[region]))
      }
    }
    if let most = options.maximumColors { Self.join(&groups, downTo: most) }
    // Groups have grown in the meantime: every region goes to the nearest, and its members' mean is its colour.
    let places = results.map { Self.nearest(to: $0.lab, in: groups)?.index ?? 0 }
    var sums = [(color: SIMD3<Float>, weight: Float)](repeating: (.zero, 0), count: groups.count)
    for (region, place) in places.enumerated() {
      let weight = Float(weights[region])
      sums[place].color += weight * results[region].color
      sums[place].weight += weight
    }
    let colors = sums.map { Self.color($0.weight > 0 ? $0.color / $0.weight : .zero) }
    let labs = colors.map { Lab($0) }
    paints = results.indices.map { region in
      Flats.Paint(
        colors[places[region]], share: results[region].share,
        distance: labs[places[region]].difference(to: results[region].lab))
    }
  }

  private static func color(_ value: SIMD3<Float>) -> RGB {
    let rounded = value.rounded(.toNearestOrAwayFromZero).clamped(
      lowerBound: .zero, upperBound: SIMD3(repeating: 255))
    return RGB(UInt8(rounded.x), UInt8(rounded.y), UInt8(rounded.z))
  }

  private static func nearest(to lab: Lab, in groups: [Group]) -> (index: Int, distance: Double)? {
    var best: (index: Int, distance: Double)?
    for (index, group) in groups.enumerated() {
      // CIEDE2000 weighs lightness by at most 1.75, so that this cannot be nearer.
      if let best, abs(group.lab.lightness - lab.lightness) > 1.75 * best.distance { continue }
      let distance = group.lab.difference(to: lab)
      if distance < best?.distance ?? .infinity { best = (index, distance) }
    }
    return best
  }

  /// Joins those whose joining changes the picture least (Ward 1963), until there are few enough.
  private static func join(_ groups: inout [Group], downTo most: Int) {
    func cost(_ first: Group, _ second: Group) -> Double {
      let distance = first.lab.difference(to: second.lab)
      return distance * distance * first.weight * second.weight
        / max(first.weight + second.weight, .leastNormalMagnitude)
    }
    guard groups.count > most else { return }
    // The cheapest partner among those that follow.
    func partner(of index: Int) -> (index: Int, cost: Double) {
      var best = (index: -1, cost: Double.infinity)
      for other in groups.indices where other > index {
        let own = cost(groups[index], groups[other])
        if own < best.cost { best = (other, own) }
      }
      return best
    }
    var partners = groups.indices.map { partner(of: $0) }
    while groups.count > most {
      guard let first = partners.indices.min(by: { partners[$0].cost < partners[$1].cost }),
        partners[first].index > first
      else { return }
      let second = partners[first].index
      let heavier = groups[first].weight >= groups[second].weight ? groups[first] : groups[second]
      let weight = groups[first].weight + groups[second].weight
      groups[first] = Group(lab: heavier.lab, color: heavier.color, weight: weight)
      groups.remove(at: second)
      partners.remove(at: second)
      for index in partners.indices {
        if index == first || partners[index].index == second || partners[index].index == first {
          partners[index] = partner(of: index)
        } else {
          if partners[index].index > second { partners[index].index -= 1 }
          if index < first {
            let own = cost(groups[index], groups[first])
            if own < partners[index].cost { partners[index] = (first, own) }
          }
        }
      }
    }
  }
}
