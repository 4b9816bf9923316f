// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The holes along one edge of a sheet: of the pegs that hold animation paper, of ring binders, of spiral notebooks.
///
/// They are told from drawn spots by what punches make: solid spots of one size in a row along an edge, near to it, at the
/// distances of the standards, the middle of the row at the middle of the sheet.
/// - Pegs (Acme): a round hole of 6.35 mm between two slots of 12.7 mm by 3.2 mm, each 101.6 mm away from it.
/// - Binders (ISO 838): two round holes of 6 mm, 80 mm apart, 12 mm from the edge; four of them; three of 7 to 8 mm,
///   108 mm apart; six in two groups.
/// - Loose leaves and spirals: a row of round or square holes along all of the edge, at less than three times their width.
struct PunchedHoles {
  /// `[height, width]` of the view: the holes, and what was made around them.
  let mask: [Bool]?

  /// What is darker than this may be a hole: seen against a white lid it is pale.
  private static let leastDarkness: Float = 0.08
  /// How far from the edge holes are, as a share of the sheet's longer side.
  private static let zone = 0.11
  /// Diameters, as a share of the longer side.
  private static let diameters: ClosedRange<Float> = 0.008...0.06

  /// - Parameter isScan: whether the paper has grain, so that what is regular in the drawing was not made by a program.
  init(in view: SheetView, isScan: Bool) {
    let margin = max(4, Int(Double(view.longer) * Self.zone))
    let (width, height) = (view.width, view.height)
    let isDark = view.isDark(above: Self.leastDarkness, within: margin)
    let plane = view.plane
    // Lines that run into a hole are taken off it.
    let bytes = BytePlane(width: width, height: height, values: isDark.map { $0 ? 1 : 0 })
    let opened = bytes.extreme(2, <).extreme(2, >).values.map { $0 != 0 }
    let spots = plane.components(of: opened).filter { $0.count < view.longer * view.longer / 200 }
      .map { Spot($0, in: view, mask: opened) }
    var found: [Spot] = []
    for edge in Edge.allCases {
      let row = HoleRow(spots: spots, edge: edge, width: width, height: height, zone: margin)
      let opposite = HoleRow(spots: spots, edge: edge.opposite, width: width, height: height, zone: margin)
      if let holes = row.pegs ?? row.binder ?? (isScan && opposite.spiral == nil ? row.spiral : nil) { found += holes }
    }
    guard !found.isEmpty else {
      mask = nil
      return
    }
    var mask = [Bool](repeating: false, count: width * height)
    for spot in found { for index in spot.pixels { mask[index] = true } }
    // Rings of paper that strengthen a hole, its shadow, a tear: what is about it and reaches no further.
    for part in plane.components(of: isDark) {
      let isAbout = found.contains { spot in
        let radius = max(spot.width, spot.height) / 2 * (spot.isDisc ? 2.8 : 1.4) + 2
        return part.allSatisfy {
          let (u, v) = (Float($0 % width) - spot.x, Float($0 / width) - spot.y)
          return u * u + v * v <= radius * radius
        }
      }
      if isAbout { for index in part { mask[index] = true } }
    }
    // With the blur of their borders.
    self.mask = plane.grown(mask, by: 3)
  }

  enum Edge: CaseIterable {
    case left, right, top, bottom

    var isUpright: Bool { self == .left || self == .right }
    var opposite: Edge {
      switch self {
      case .left: .right
      case .right: .left
      case .top: .bottom
      case .bottom: .top
      }
    }
  }

  /// The spots near to one edge.
  struct HoleRow {
    private struct Hole {
      let spot: Spot
      /// Along the edge, and from it.
      let (place, depth): (Float, Float)
      let (long, deep): (Float, Float)
    }

    private let holes: [Hole]
    private let extent: Float

    init(spots: [Spot], edge: Edge, width: Int, height: Int, zone: Int) {
      extent = Float(edge.isUpright ? height : width)
      let longer = Float(max(width, height))
      holes = spots.compactMap { spot in
        let hole =
          edge.isUpright
          ? Hole(
            spot: spot, place: spot.y, depth: edge == .left ? spot.x : Float(width - 1) - spot.x, long: spot.height,
            deep: spot.width)
          : Hole(
            spot: spot, place: spot.x, depth: edge == .top ? spot.y : Float(height - 1) - spot.y, long: spot.width,
            deep: spot.height)
        let size = diameters
        guard hole.deep >= 0.6 * size.lowerBound * longer, hole.deep <= size.upperBound * longer,
          hole.long >= size.lowerBound * longer, hole.depth + hole.deep / 2 < Float(zone) - 1
        else { return nil }
        return hole
      }.sorted { $0.place < $1.place }
    }

    /// A round hole between two slots.
    var pegs: [Spot]? {
      let rounds = holes.filter(\.spot.isDisc)
      let slots = holes.filter {
        (1.9...7).contains($0.long / $0.deep) && $0.spot.fill > 0.75 && $0.spot.variation < 0.2
      }
      for round in rounds {
        for left in slots where left.place < round.place {
          for right in slots where right.place > round.place {
            let (a, b) = (round.place - left.place, right.place - round.place)
            let level = (left.depth * b + right.depth * a) / (a + b)
            let ratio = (a + b) / 2 / round.long
            guard (0.85...1.18).contains(left.long / right.long), (0.75...1.33).contains(left.deep / right.deep),
              abs(a - b) < 0.05 * (a + b), abs(level - round.depth) < 0.35 * round.deep,
              abs(left.depth - right.depth) < 0.06 * (a + b), (1.3...3).contains(left.long / round.long),
              (0.3...0.85).contains(left.deep / round.deep), (5...22).contains(ratio)
            else { continue }
            return [left.spot, round.spot, right.spot]
          }
        }
      }
      return nil
    }

    /// Two, three, four or six round holes, and no other spot like them.
    var binder: [Spot]? {
      let rounds = holes.filter(\.spot.isDisc)
      guard let largest = rounds.map(\.long).max() else { return nil }
      let row = rounds.filter { $0.long > 0.8 * largest }
      guard (2...6).contains(row.count), let first = row.first, let last = row.last, last.place > first.place else {
        return nil
      }
      let size = row.reduce(0) { $0 + $1.long } / Float(row.count)
      let isStraight = row.allSatisfy { hole in
        let share = (hole.place - first.place) / (last.place - first.place)
        return abs(first.depth + (last.depth - first.depth) * share - hole.depth) < 0.3 * size
          && (0.6...5).contains(hole.depth / size)
      }
      let middle = (first.place + last.place) / 2
      guard isStraight, abs(last.depth - first.depth) < 0.06 * (last.place - first.place),
        abs(middle - extent / 2) < 0.12 * extent
      else { return nil }
      let gaps = zip(row.dropFirst(), row).map { ($0.place - $1.place) / size }
      // The row is its own mirror image.
      guard zip(gaps, gaps.reversed()).allSatisfy({ abs($0 - $1) < 0.06 * max($0, $1) }) else { return nil }
      let isStandard =
        switch row.count {
        case 2: (9...18).contains(gaps[0])
        case 3: (10...20).contains(gaps[0])
        case 4: (9...18).contains(gaps[1]) && (3...18).contains(gaps[0])
        case 6: (2.5...5).contains(gaps[0]) && (2.5...5).contains(gaps[1]) && gaps[2] > 5
        default: false
        }
      return isStandard ? row.map(\.spot) : nil
    }

    /// A row of many along all of the edge.
    var spiral: [Spot]? {
      let likely = holes.filter { $0.spot.isDisc || $0.spot.isSquare }
      guard likely.count >= 8 else { return nil }
      let middle = likely.map(\.long).sorted()[likely.count / 2]
      let row = likely.filter { (0.75...1.33).contains($0.long / middle) }
      guard row.count >= 8, let first = row.first, let last = row.last, last.place - first.place > 0.6 * extent else {
        return nil
      }
      let gaps = zip(row.dropFirst(), row).map { $0.place - $1.place }
      let pitch = gaps.sorted()[gaps.count / 2]
      let isEven =
        gaps.count {
          let steps = ($0 / pitch).rounded()
          return steps >= 1 && steps <= 4 && abs($0 - steps * pitch) < 0.2 * pitch
        } * 10 >= gaps.count * 9
      let isStraight = row.allSatisfy { hole in
        let share = (hole.place - first.place) / (last.place - first.place)
        return abs(first.depth + (last.depth - first.depth) * share - hole.depth) < 0.5 * middle
      }
      return isEven && isStraight && (1.25...3).contains(pitch / middle) ? row.map(\.spot) : nil
    }
  }
}
