// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Chooses a picture's own colours among its bins: by area and by distance from those that are chosen already.
///
/// The next colour is always the one of the largest `share * difference²`: what it would take off the squared error of
/// the picture. So a large area needs to differ little, and a small one much. What is left out:
/// - what lies within ``mergeRadius`` of a chosen colour, unless it is a large area of one exact colour;
/// - mixtures of two chosen colours that are nowhere more than a few pixels wide: antialiased edges;
/// - dark colours that are nowhere thicker than lines.
struct FlatColors {
  /// Colours that differ by less from a chosen one count as the same: noise, grain, and the steps of a gradient.
  static let mergeRadius = 6.0
  /// From here on colours differ as much as they can, as far as choosing goes.
  static let mostDifference = 50.0
  /// At which difference an area of the least share is just taken.
  static let shareDifference = 20.0

  private let bins: [FlatPixels.Bin]
  private let labs: [Lab]
  /// Lab with its chroma compressed, so that plain distances are near to CIEDE2000.
  private let places: [SIMD3<Double>]
  private let neighbours: Neighbourhoods
  private let totals: (figure: Double, background: Double)

  /// The chosen bins.
  private(set) var chosen: [Int] = []
  /// Bins that were refused: lines and mixtures. Others may be mixtures with them.
  private(set) var refused: [Int] = []
  /// Of each bin, the difference from the nearest chosen or refused one.
  private var distances: [Double]

  init(_ pixels: FlatPixels) {
    bins = pixels.bins
    labs = bins.map { Lab(FlatPixels.color(ofBin: $0.number)) }
    places = labs.map { lab in
      let chroma = hypot(lab.a, lab.b)
      let factor = chroma > 0 ? log(1 + 0.045 * chroma) / 0.045 / chroma : 1
      return SIMD3(lab.lightness, lab.a * factor, lab.b * factor)
    }
    neighbours = Neighbourhoods(places)
    distances = [Double](repeating: .infinity, count: bins.count)

    // Without a mask the whole counts as figure; but a plain background must not make small parts of the figure
    // smaller, so it is left out of the whole.
    let figure = bins.reduce(0) { $0 + $1.square.0 }
    let background = bins.reduce(0) { $0 + $1.square.1 }
    totals = (max(figure - Self.plainBackground(pixels, labs), figure * 0.05, 1), max(background, 1))
  }

  /// The pixels of the colour that most of the picture's border has; 0 if it has no such colour.
  private static func plainBackground(_ pixels: FlatPixels, _ labs: [Lab]) -> Double {
    let total = pixels.border.values.reduce(0, +)
    guard let (number, _) = pixels.border.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else { return 0 }
    let paper = Lab(FlatPixels.color(ofBin: number))
    let near = pixels.border.reduce(0) { sum, item in
      Lab(FlatPixels.color(ofBin: item.key)).difference(to: paper) < mergeRadius ? sum + item.value : sum
    }
    guard near * 2 > total else { return 0 }
    return zip(pixels.bins, labs).reduce(0) { sum, bin in
      bin.1.difference(to: paper) < mergeRadius ? sum + bin.0.square.0 : sum
    }
  }

  /// Chooses.
  ///
  /// - Parameters:
  ///   - count: the most colours.
  ///   - minimumShare: the least share at a difference of ``shareDifference``.
  ///   - isLine: whether the colours of these bins are nowhere thicker than lines.
  mutating func choose(
    count: Int, minimumShare: Double, isLine: (_ bins: [Int]) -> Bool
  ) {
    let least = minimumShare * Self.shareDifference * Self.shareDifference
    // What a colour is worth falls from one choice to the next and never rises, so that an old worth is a bound.
    var worths = bins.indices.map { share(of: $0, without: nil) * Self.mostDifference * Self.mostDifference }
    while chosen.count < count {
      guard let best = worths.indices.max(by: { (worths[$0], $1) < (worths[$1], $0) }), worths[best] > 0,
        worths[best] >= least
      else { break }
      let worth = worth(of: best)
      guard worth >= worths[best] else {
        worths[best] = worth
        continue
      }
      // Each is looked at once.
      worths[best] = -1
      let cluster = [best] + neighbours.around(best, radius: Self.mergeRadius)
      if Self.canBeInk(labs[best]), isLine(cluster.map { bins[$0].number }) {
        refused.append(best)
      } else if isMixture(best, of: chosen + refused) {
        // Not put among the refused: it takes nothing off its surroundings, which may be more than a mixture.
        continue
      } else {
        chosen.append(best)
      }
      let lightness = labs[best].lightness
      for bin in bins.indices {
        // CIEDE2000 makes no less of a step in lightness.
        guard abs(labs[bin].lightness - lightness) < distances[bin] * 1.748 else { continue }
        distances[bin] = min(distances[bin], labs[bin].difference(to: labs[best]))
      }
    }
    // What came first may be a mixture of what came after.
    chosen = chosen.filter { bin in !isMixture(bin, of: (chosen + refused).filter { $0 != bin }) }
    // All is lines, or too small: what there is most of.
    if chosen.isEmpty, let largest = bins.indices.max(by: { (total(of: $0), $1) < (total(of: $1), $0) }) {
      chosen = [largest]
    }
  }

  private func total(of bin: Int) -> Double { bins[bin].square.0 + bins[bin].square.1 }

  /// `share * difference²`, as things stand.
  private func worth(of bin: Int) -> Double {
    let distance = min(distances[bin], Self.mostDifference)
    if distance < Self.mergeRadius {
      // Only an area of one exact colour can be told from the noise around a chosen one.
      guard distance > 2 else { return 0 }
      let share = max(bins[bin].equal.0 / totals.figure, bins[bin].equal.1 / totals.background)
      return share * distance * distance
    }
    return share(of: bin, without: Self.mergeRadius) * distance * distance
  }

  /// The share of a colour and of what is near to it, of the figure or the background, whichever is larger.
  ///
  /// - Parameter radius: what is so near to a chosen colour does not count.
  private func share(of bin: Int, without radius: Double?) -> Double {
    var sum = (0.0, 0.0)
    for other in neighbours.around(bin, radius: 4) + [bin] {
      if let radius, distances[other] < radius { continue }
      // Half of the pixels beside an edge belong to what is behind it.
      sum.0 += bins[other].square.0
      sum.1 += bins[other].square.1
    }
    return max(sum.0 / totals.figure, sum.1 / totals.background)
  }

  /// Whether a colour is hardly ever in the middle of its own, and lies between two others.
  private func isMixture(_ bin: Int, of others: [Int]) -> Bool {
    var (square, middle) = (0.0, 0.0)
    for other in neighbours.around(bin, radius: 4) + [bin] {
      square += bins[other].square.0 + bins[other].square.1
      middle += bins[other].middle
    }
    guard middle < 0.3 * square else { return false }
    let point = Self.vector(bins[bin].number)
    let ends = others.map { Self.vector(bins[$0].number) }
    for (index, start) in ends.enumerated() {
      for end in ends[(index + 1)...] {
        let (whole, part) = (end - start, point - start)
        let length = (whole * whole).sum()
        guard length > 0 else { continue }
        let place = (whole * part).sum() / length
        guard place > 0.05, place < 0.95 else { continue }
        let gap = part - place * whole
        if (gap * gap).sum() < 18 * 18 { return true }
      }
    }
    return false
  }

  /// Whether lines are drawn in such a colour: black, dark greys and browns, and the darkest of the others.
  private static func canBeInk(_ lab: Lab) -> Bool {
    lab.lightness < 20 || lab.lightness < 35 && hypot(lab.a, lab.b) < 30
  }

  private static func vector(_ bin: Int) -> SIMD3<Double> {
    let color = FlatPixels.color(ofBin: bin)
    return SIMD3(Double(color.red), Double(color.green), Double(color.blue))
  }

  /// Of each of the picture's bins, which chosen one is nearest; nil for those further than ``mergeRadius``.
  var labels: [(bin: Int, label: Int?)] {
    bins.indices.map { index in
      var best: (label: Int, difference: Double)?
      for (label, bin) in chosen.enumerated() {
        let difference = labs[index].difference(to: labs[bin])
        if difference < best?.difference ?? Self.mergeRadius { best = (label, difference) }
      }
      return (bins[index].number, best?.label)
    }
  }
}

/// Which of many points are near to each other.
private struct Neighbourhoods {
  private let points: [SIMD3<Double>]
  private var cells: [SIMD3<Int32>: [Int]] = [:]
  private static let side = 4.0

  init(_ points: [SIMD3<Double>]) {
    self.points = points
    for (index, point) in points.enumerated() { cells[Self.cell(point), default: []].append(index) }
  }

  private static func cell(_ point: SIMD3<Double>) -> SIMD3<Int32> {
    SIMD3<Int32>((point / side).rounded(.down))
  }

  /// The other points within a radius.
  func around(_ index: Int, radius: Double) -> [Int] {
    let point = points[index]
    let reach = Int32((radius / Self.side).rounded(.up))
    let middle = Self.cell(point)
    var found: [Int] = []
    for x in -reach...reach {
      for y in -reach...reach {
        for z in -reach...reach {
          for other in cells[middle &+ SIMD3(x, y, z)] ?? [] where other != index {
            let step = points[other] - point
            if (step * step).sum() <= radius * radius { found.append(other) }
          }
        }
      }
    }
    return found
  }
}
