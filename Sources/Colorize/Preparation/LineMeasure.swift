// SPDX-License-Identifier: Apache-2.0

/// The lines in a plane of ink: how strong and how wide they are, and what the paper between them is like.
struct LineMeasure {
  /// The median of what is about paper.
  let paper: Float
  /// The deviation of the paper's grain.
  let grain: Float
  /// Ink below it is paper and its grain.
  let threshold: Float
  /// The share of pixels on the crest of a line.
  let crestShare: Float
  /// The strength of crests above the paper, from the weakest.
  private let strengths: WeightedValues
  /// The ink across a line, in pixels of full ink: the median of all ink.
  let mass: Float
  /// The share of pixels that are neither paper, nor solid ink, nor part of a thin line.
  let toneShare: Float
  /// Where crests are, row by row.
  let crests: [Int]
  /// The share of pixels on lines that are too broad for a crest, if almost all lines are.
  let boldShare: Float

  /// - Parameters:
  ///   - values: ink, row by row.
  ///   - isFlat: whether the paper has exactly one tone, and areas of other tones beside it may be larger than it.
  init(_ values: [Float], width: Int, height: Int, isFlat: Bool = false) {
    // Solid ink, which may cover half of the sheet, says nothing of the paper.
    let sample = stride(from: 0, to: values.count, by: max(1, values.count / 65_536)).map { values[$0] }
      .filter { abs($0) < 0.35 }.sorted()
    let paper = sample.isEmpty || isFlat ? 0 : sample[sample.count / 2]
    // The lighter side of the paper has no lines in it.
    let lighter = sample.prefix(sample.count / 2).map { paper - $0 }
    let grain = lighter.isEmpty || isFlat ? 0 : 1.4826 * lighter.sorted()[lighter.count / 2]
    let threshold = max(4 * grain, 0.02)
    (self.paper, self.grain, self.threshold) = (paper, grain, threshold)
    var strengths: [Float] = []
    var masses: [Float] = []
    var crests: [Int] = []
    var tones = 0
    var bold: [Float] = []
    values.withUnsafeBufferPointer { values in
      func ink(_ x: Int, _ y: Int) -> Float {
        values[min(max(y, 0), height - 1) * width + min(max(x, 0), width - 1)] - paper
      }
      for y in 0..<height {
        for x in 0..<width {
          let here = values[y * width + x] - paper
          guard here > threshold else { continue }
          // Lower on both sides within a few pixels, along either axis: across the line.
          func falls(_ dx: Int, _ dy: Int) -> Float? {
            guard here >= ink(x - dx, y - dy), here > ink(x + dx, y + dy) else { return nil }
            var sum = here
            for side in [-1, 1] {
              var last = here
              var reached = false
              for step in 1...4 {
                let next = ink(x + side * step * dx, y + side * step * dy)
                // The line ends in a valley, which may be the paper.
                if next > last { break }
                sum += max(next, 0)
                last = next
                if next < here * 0.4 { reached = true }
              }
              if !reached { return nil }
            }
            return sum
          }
          let across = [falls(1, 0), falls(0, 1)].compactMap(\.self)
          if let least = across.min() {
            strengths.append(here)
            masses.append(least)
            crests.append(y * width + x)
          } else if here < 0.75, !(-3...3).contains(where: { ink(x + $0, y) < threshold || ink(x, y + $0) < threshold })
          {
            tones += 1
          } else if here > 0.3 {
            // Paper on both sides, but further away.
            let reach = 16
            func isNarrow(_ dx: Int, _ dy: Int) -> Bool {
              [-1, 1].allSatisfy { side in
                (1...reach).contains { ink(x + side * $0 * dx, y + side * $0 * dy) < threshold }
              }
            }
            if isNarrow(1, 0) || isNarrow(0, 1) { bold.append(here) }
          }
        }
      }
    }
    let crestWeight = strengths.reduce(0, +)
    // A blot or two are no lines, and compression leaves faint crests around broad ones.
    let isBold = crestWeight * 50 < bold.reduce(0, +)
    boldShare = isBold ? Float(bold.count) / Float(max(values.count, 1)) : 0
    self.crests = crests
    self.strengths = isBold ? WeightedValues(bold, weights: bold) : WeightedValues(strengths, weights: strengths)
    crestShare = Float(strengths.count) / Float(max(values.count, 1))
    toneShare = Float(tones) / Float(max(values.count, 1))
    // Broad lines count as wide as is looked for.
    mass = isBold ? 8 : WeightedValues(masses, weights: strengths).value(at: 0.5)
  }

  /// The strength that a share of all lines does not exceed; 0 without lines.
  ///
  /// Crests count by their strength: what compression makes around lines are many, and all faint.
  func strength(at share: Double) -> Float { strengths.value(at: share) }

  /// The same of another plane at the crests.
  func strength(of plane: [Float], at share: Double) -> Float {
    let values = crests.map { plane[$0] }
    return WeightedValues(values, weights: values).value(at: share)
  }
}

extension LineMeasure {
  /// The plane with paper in place of grain: of ink that is not far above it, and has none beside it that is.
  func withoutSpecks(_ values: [Float], width: Int, height: Int) -> [Float] {
    guard grain > 0.004 else { return values }
    let (low, high) = (paper + 4 * grain, paper + 6 * grain)
    return values.indices.map { index in
      let value = values[index]
      guard value < high else { return value }
      let (x, y) = (index % width, index / width)
      var neighbours = 0
      for row in max(0, y - 1)...min(height - 1, y + 1) {
        for column in max(0, x - 1)...min(width - 1, x + 1) where values[row * width + column] > low { neighbours += 1 }
      }
      // A pixel counts itself; a line has others on both sides.
      return neighbours >= (value > low ? 3 : 2) ? value : paper
    }
  }
}

/// Values with weights, for quantiles.
private struct WeightedValues {
  private let sorted: [(value: Float, weight: Float)]
  private let total: Double

  init(_ values: [Float], weights: [Float]) {
    sorted = zip(values, weights).map { ($0, $1) }.sorted { $0.value < $1.value }
    total = sorted.reduce(0) { $0 + Double($1.weight) }
  }

  /// The least value that the given share of the weight does not exceed; 0 if there are none.
  func value(at share: Double) -> Float {
    var sum = 0.0
    for entry in sorted {
      sum += Double(entry.weight)
      if sum >= total * share { return entry.value }
    }
    return sorted.last?.value ?? 0
  }
}
