// SPDX-License-Identifier: Apache-2.0

/// Finds how a drawing lies in a reference: by trying turns, scales and mirrorings at a size of few pixels, every place at
/// once, and going on from the best with finer steps at larger sizes.
///
/// What is compared are edges, see ``EdgePlanes``. The result does not depend on the number of processors.
struct AlignmentSearch {
  /// How far drawing and picture may lie apart.
  enum Reach: Sendable {
    /// Turned by up to 24 degrees, 0.35 to 2.4 times as large, mirrored.
    case whole
    /// Two drawings of a cut: turned by up to 16 degrees, 0.7 to 1.45 times as large.
    case near
  }

  /// Pixels of the longer side, and the blur, of a look.
  typealias Size = (side: Int, blur: Float)

  private let lines: LineDensity
  private let target: AlignmentTarget
  private let reference: ColorPyramid

  /// The first look and the two that follow.
  static let coarse: Size = (side: 24, blur: Float(0.8))
  static let middle: Size = (side: 48, blur: Float(1))
  static let fine: Size = (side: 96, blur: Float(1.2))
  private static let angles = [-24.0, -16, -8, 0, 8, 16, 24].map { $0 * .pi / 180 }
  private static let scales = [0.35, 0.45, 0.6, 0.7, 0.81, 0.94, 1.08, 1.25, 1.45, 1.7, 2, 2.4, 2.9]
  /// From how many of the first look's finds the second goes on, and how far apart they lie at least.
  private static let candidates = (count: 8, distance: 0.12)
  /// The same between two drawings of a cut.
  private static let nearCandidates = 2
  /// From how many of its finds the last one does.
  private static let finalists = 2
  /// How many times as many pixels a frame has at most where the reference shows less than the drawing.
  private static let mostPixels = 2.0

  private struct Find {
    var map: AffineMap
    var score: Float
  }

  init(_ lines: LineDensity, _ target: AlignmentTarget) throws {
    self.lines = lines
    self.target = target
    reference = try target.pyramid()
  }

  /// The best alignment.
  ///
  /// - Throws: `CancellationError`.
  func best() throws -> Alignment {
    let looks = try target.looks(.whole)
    let sides = Set(looks.map(\.side)).sorted()
    let drawings = ParallelRows.all(sides.count) { lines.edges(side: sides[$0], blur: Self.coarse.blur) }
    try Task.checkCancellation()
    let bySide = Dictionary(zip(sides, drawings)) { first, _ in first }
    let starts = Self.starts(bySide, looks, Self.candidates.count)
    try Task.checkCancellation()
    let nearer = ParallelRows.all(starts.count) { refined(starts[$0], Self.middle, halvings: 0..<2) }
    try Task.checkCancellation()
    let finalists = Self.sorted(nearer).prefix(Self.finalists)
    let found = ParallelRows.all(finalists.count) { refined(finalists[$0], Self.fine, halvings: 1..<4) }
    try Task.checkCancellation()
    return Self.best(of: found)
  }

  /// The best alignment of two drawings of a cut: of fewer beginnings, and with one that is followed to its end.
  static func near(_ drawing: DrawingEdges, _ target: AlignmentTarget) throws -> Alignment {
    // Most drawings of a cut lie where the one before lay.
    let starts =
      [Find(map: .identity, score: 1)]
      + Self.starts([coarse.side: drawing.coarse], try target.looks(.near), nearCandidates)
    try Task.checkCancellation()
    let pyramid = try target.pyramid()
    let nearer = ParallelRows.all(starts.count) {
      refined(starts[$0], drawing.middle, pyramid, middle.blur, halvings: 0..<2)
    }
    try Task.checkCancellation()
    let found = best(of: nearer)
    let start = Find(map: found.map, score: Float(found.score))
    return best(of: [refined(start, drawing.fine, pyramid, fine.blur, halvings: 1..<4)])
  }

  private static func best(of finds: [Find]) -> Alignment {
    let best = finds.reduce(Find(map: .identity, score: 0)) { $1.score > $0.score ? $1 : $0 }
    return Alignment(map: best.map, score: Double(best.score))
  }

  // MARK: The first look

  /// What a first look sees of a picture.
  static func looks(_ reference: ColorPyramid, _ reach: Reach) -> [AlignmentTarget.Look] {
    let isNear = reach == .near
    let angles = isNear ? Self.angles.filter { abs($0) < 0.3 } : Self.angles
    let scales = isNear ? Self.scales.filter { (0.7...1.45).contains($0) } : Self.scales
    var maps: [AffineMap] = []
    for isMirrored in isNear ? [false] : [false, true] {
      for angle in angles {
        maps += scales.map { AffineMap(angle: angle, scale: $0, isMirrored: isMirrored) }
      }
    }
    return ParallelRows.all(maps.count) { index in
      let map = maps[index]
      // Where the reference is the closer view, what it shows of the drawing needs as many pixels as the drawing has
      // elsewhere.
      let side = isNear ? coarse.side : Self.side(coarse.side, max(1, map.scale))
      // A frame that holds the whole reference as the drawing's frame sees it.
      let unit = Double(side)
      let extent =
        SIMD2(
          abs(map.right.x) * reference.extent.x + abs(map.right.y) * reference.extent.y,
          abs(map.down.x) * reference.extent.x + abs(map.down.y) * reference.extent.y) / (map.scale * map.scale) * unit
      let frame = (width: max(1, Int(extent.x.rounded(.up))), height: max(1, Int(extent.y.rounded(.up))))
      return AlignmentTarget.Look(
        map, side: side, edges: reference.edges(through: map, frame: frame, unit: unit, blur: coarse.blur))
    }
  }

  /// The best finds of a first look, with room between them.
  ///
  /// - Parameter drawings: the drawing's edges by the longer side of the frame.
  private static func starts(
    _ drawings: [Int: EdgePlanes], _ looks: [AlignmentTarget.Look], _ count: Int
  ) -> [Find] {
    let energies = drawings.mapValues(\.energy)
    let found = ParallelRows.all(looks.count) { index -> [Find] in
      guard let drawing = drawings[looks[index].side], let energy = energies[looks[index].side], energy > 0 else {
        return []
      }
      return places(looks[index], drawing, energy)
    }.flatMap { $0 }
    var kept: [Find] = []
    for find in sorted(found) where kept.count < count {
      if kept.allSatisfy({ $0.map.distance(to: find.map) > candidates.distance }) { kept.append(find) }
    }
    return kept
  }

  private static func side(_ side: Int, _ factor: Double) -> Int { Int((Double(side) * factor).rounded()) }

  /// The best first; of those that are as good, the first first.
  private static func sorted(_ finds: [Find]) -> [Find] {
    finds.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(\.element)
  }

  /// The two best places of the drawing in a reference that is turned, scaled and mirrored by a map.
  private static func places(_ look: AlignmentTarget.Look, _ drawing: EdgePlanes, _ energy: Float) -> [Find] {
    let (map, edges, sums) = (look.map, look.edges, look.sums)
    let frame = (width: edges.width, height: edges.height)
    let unit = Double(look.side)
    let total = edges.energy
    // At least half of the smaller one lies within the other.
    let (across, along) = (min(drawing.width, frame.width) / 2, min(drawing.height, frame.height) / 2)
    var scores: [(x: Int, y: Int, score: Float)] = []
    let run = EdgeAgreement.Run(drawing, edges)
    for y in along - drawing.height...max(along - drawing.height, frame.height - along) {
      for x in across - drawing.width...max(across - drawing.width, frame.width - across) {
        let (left, right) = (max(0, x), min(frame.width, x + drawing.width))
        let (top, bottom) = (max(0, y), min(frame.height, y + drawing.height))
        guard left < right, top < bottom else { continue }
        let wide = frame.width + 1
        let seen =
          sums[bottom * wide + right] - sums[top * wide + right] - sums[bottom * wide + left] + sums[top * wide + left]
        guard seen > 0 else { continue }
        let agreement = run.agreement(x: left..<right, y: top..<bottom, shiftedBy: (x, y), seen: seen)
        scores.append((x, y, agreement.score(drawing: energy, reference: total)))
      }
    }
    var finds: [Find] = []
    for _ in 0..<2 {
      guard let best = scores.max(by: { $0.score < $1.score }) else { break }
      // The middle of the drawing's frame lies this far from the middle of the reference's.
      let shift =
        SIMD2(
          Double(best.x) + Double(drawing.width) / 2 - Double(frame.width) / 2,
          Double(best.y) + Double(drawing.height) / 2 - Double(frame.height) / 2) / unit
      finds.append(Find(map: AffineMap(right: map.right, down: map.down, offset: map(shift)), score: best.score))
      scores.removeAll { abs($0.x - best.x) <= 2 && abs($0.y - best.y) <= 2 }
    }
    return finds
  }

  // MARK: The others

  /// Goes on uphill: along one of six ways at a time, in steps that get smaller.
  ///
  /// - Parameter halvings: how often the steps are halved.
  private func refined(_ start: Find, _ look: Size, halvings: Range<Int>) -> Find {
    let factor = min(max(1, start.map.scale), Self.mostPixels)
    let drawing = lines.edges(side: Self.side(look.side, factor), blur: look.blur)
    return Self.refined(start, drawing, reference, look.blur, halvings: halvings)
  }

  private static func refined(
    _ start: Find, _ drawing: EdgePlanes, _ reference: ColorPyramid, _ blur: Float, halvings: Range<Int>
  ) -> Find {
    let unit = Double(max(drawing.width, drawing.height))
    let energy = drawing.energy
    let total = reference.energy(scale: start.map.scale, unit: unit, blur: blur)
    func score(_ map: AffineMap) -> Float {
      agreement(map, drawing, reference, blur).score(drawing: energy, reference: total)
    }
    var best = Find(map: start.map, score: score(start.map))
    for halving in halvings {
      let size = 1 / Double(1 << halving)
      for way in Way.allCases {
        for sign in [1.0, -1.0] {
          // The score is at most 1 and gains something each time, so this ends.
          while true {
            let map = way.changed(best.map, by: sign * size)
            guard (0.2...4).contains(map.scale) else { break }
            let next = Find(map: map, score: score(map))
            guard next.score > best.score + 1e-4 else { break }
            best = next
          }
        }
      }
    }
    return best
  }

  /// How a drawing and what a map shows it of the reference agree.
  private static func agreement(
    _ map: AffineMap, _ drawing: EdgePlanes, _ reference: ColorPyramid, _ blur: Float
  ) -> EdgeAgreement {
    let unit = Double(max(drawing.width, drawing.height))
    let middle = SIMD2(Double(drawing.width), Double(drawing.height)) / 2
    guard let box = reference.box(through: map, frame: (drawing.width, drawing.height), unit: unit, blur: blur) else {
      return EdgeAgreement()
    }
    let center = SIMD2(Double(box.x.lowerBound + box.x.upperBound), Double(box.y.lowerBound + box.y.upperBound)) / 2
    let view = reference.edges(
      through: AffineMap(right: map.right, down: map.down, offset: map((center - middle) / unit)),
      frame: (box.x.count, box.y.count), unit: unit, blur: blur)
    return EdgeAgreement.Run(drawing, view).agreement(
      x: 0..<view.width, y: 0..<view.height, shiftedBy: (-box.x.lowerBound, -box.y.lowerBound), seen: view.energy)
  }

  /// A way to change a map a little.
  private enum Way: CaseIterable {
    case right, down, turn, scale, shear, stretch

    /// - Parameter size: 1 for the first, largest step.
    func changed(_ map: AffineMap, by size: Double) -> AffineMap {
      var map = map
      switch self {
      case .right: map.offset.x += 0.02 * size
      case .down: map.offset.y += 0.02 * size
      case .turn: map = map.after(AffineMap(right: SIMD2(1, 0.05 * size), down: SIMD2(-0.05 * size, 1)))
      case .scale: map = map.after(AffineMap(right: SIMD2(1 + 0.05 * size, 0), down: SIMD2(0, 1 + 0.05 * size)))
      case .shear: map = map.after(AffineMap(right: SIMD2(1, 0), down: SIMD2(0.04 * size, 1)))
      case .stretch: map = map.after(AffineMap(right: SIMD2(1 + 0.04 * size, 0), down: SIMD2(0, 1 - 0.04 * size)))
      }
      return map
    }
  }
}
