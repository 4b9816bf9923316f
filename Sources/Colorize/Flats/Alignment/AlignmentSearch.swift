// SPDX-License-Identifier: Apache-2.0

/// Finds how a drawing lies in a reference: by trying turns, scales and mirrorings at a size of few pixels, every place at
/// once, and going on from the best with finer steps at larger sizes.
///
/// What is compared are edges, see ``EdgePlanes``. The result does not depend on the number of processors.
struct AlignmentSearch {
  private let lines: LineDensity
  private let reference: ColorPyramid

  /// Pixels of the longer side, and the blur, of the first look and of the two that follow.
  private static let coarse = (side: 24, blur: Float(0.8))
  private static let middle = (side: 48, blur: Float(1))
  private static let fine = (side: 96, blur: Float(1.2))
  private static let angles = [-24.0, -16, -8, 0, 8, 16, 24].map { $0 * .pi / 180 }
  private static let scales = [0.35, 0.45, 0.6, 0.7, 0.81, 0.94, 1.08, 1.25, 1.45, 1.7, 2, 2.4, 2.9]
  /// From how many of the first look's finds the second goes on, and how far apart they lie at least.
  private static let candidates = (count: 8, distance: 0.12)
  /// From how many of its finds the last one does.
  private static let finalists = 2
  /// How many times as many pixels a frame has at most where the reference shows less than the drawing.
  private static let mostPixels = 2.0

  private struct Find {
    var map: AffineMap
    var score: Float
  }

  init(_ lines: LineDensity, _ reference: ColorPyramid) {
    self.lines = lines
    self.reference = reference
  }

  /// The best alignment.
  ///
  /// - Throws: `CancellationError`.
  func best() throws -> Alignment {
    let starts = try firstLook()
    try Task.checkCancellation()
    let nearer = ParallelRows.all(starts.count) { refined(starts[$0], Self.middle, halvings: 0..<2) }
    try Task.checkCancellation()
    let finalists = Self.sorted(nearer).prefix(Self.finalists)
    let found = ParallelRows.all(finalists.count) { refined(finalists[$0], Self.fine, halvings: 1..<4) }
    try Task.checkCancellation()
    let best = found.reduce(Find(map: .identity, score: 0)) { $1.score > $0.score ? $1 : $0 }
    return Alignment(map: best.map, score: Double(best.score))
  }

  // MARK: The first look

  private func firstLook() throws -> [Find] {
    let scales = Self.scales
    // Where the reference is the closer view, what it shows of the drawing needs as many pixels as the drawing has
    // elsewhere.
    let drawings = ParallelRows.all(scales.count) { index in
      let drawing = lines.edges(side: Self.side(Self.coarse.side, max(1, scales[index])), blur: Self.coarse.blur)
      return (edges: drawing, energy: drawing.energy)
    }
    guard drawings.allSatisfy({ $0.energy > 0 }) else { return [] }
    try Task.checkCancellation()
    var tries: [(map: AffineMap, scale: Int)] = []
    for isMirrored in [false, true] {
      for angle in Self.angles {
        tries += scales.indices.map {
          (AffineMap(angle: angle, scale: scales[$0], isMirrored: isMirrored), $0)
        }
      }
    }
    let found = ParallelRows.all(tries.count) { index in
      let drawing = drawings[tries[index].scale]
      return places(tries[index].map, drawing.edges, drawing.energy)
    }.flatMap { $0 }
    try Task.checkCancellation()
    var kept: [Find] = []
    for find in Self.sorted(found) where kept.count < Self.candidates.count {
      if kept.allSatisfy({ $0.map.distance(to: find.map) > Self.candidates.distance }) { kept.append(find) }
    }
    return kept
  }

  private static func side(_ side: Int, _ factor: Double) -> Int { Int((Double(side) * factor).rounded()) }

  /// The best first; of those that are as good, the first first.
  private static func sorted(_ finds: [Find]) -> [Find] {
    finds.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(\.element)
  }

  /// The two best places of the drawing in a reference that is turned, scaled and mirrored by a map.
  private func places(_ map: AffineMap, _ drawing: EdgePlanes, _ energy: Float) -> [Find] {
    // A frame that holds the whole reference as the drawing's frame sees it.
    let unit = Double(max(drawing.width, drawing.height))
    let scale = abs(map.determinant).squareRoot()
    let reach =
      SIMD2(
        abs(map.right.x) * reference.extent.x + abs(map.right.y) * reference.extent.y,
        abs(map.down.x) * reference.extent.x + abs(map.down.y) * reference.extent.y) / (scale * scale) * unit
    let frame = (width: max(1, Int(reach.x.rounded(.up))), height: max(1, Int(reach.y.rounded(.up))))
    let edges = reference.edges(through: map, frame: frame, unit: unit, blur: Self.coarse.blur)
    let total = edges.energy
    let sums = Self.summedEnergy(edges)
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

  /// Sums of the squares above and left of each pixel, with a row and a column of zeros before the first.
  private static func summedEnergy(_ edges: EdgePlanes) -> [Float] {
    let wide = edges.width + 1
    var sums = [Float](repeating: 0, count: wide * (edges.height + 1))
    for y in 0..<edges.height {
      var row: Float = 0
      for x in 0..<edges.width {
        row += edges.squares[y * edges.width + x]
        sums[(y + 1) * wide + x + 1] = sums[y * wide + x + 1] + row
      }
    }
    return sums
  }

  // MARK: The others

  /// Goes on uphill: along one of six ways at a time, in steps that get smaller.
  ///
  /// - Parameter halvings: how often the steps are halved.
  private func refined(_ start: Find, _ look: (side: Int, blur: Float), halvings: Range<Int>) -> Find {
    let scale = start.map.scale
    let drawing = lines.edges(side: Self.side(look.side, min(max(1, scale), Self.mostPixels)), blur: look.blur)
    let unit = Double(max(drawing.width, drawing.height))
    let energy = drawing.energy
    let total = reference.energy(scale: scale, unit: unit, blur: look.blur)
    func score(_ map: AffineMap) -> Float {
      agreement(map, drawing, look.blur).score(drawing: energy, reference: total)
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
  private func agreement(_ map: AffineMap, _ drawing: EdgePlanes, _ blur: Float) -> EdgeAgreement {
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
