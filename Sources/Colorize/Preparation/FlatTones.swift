// SPDX-License-Identifier: Apache-2.0

/// Flat tones of a drawing that a program made: areas of exactly one tone, on paper of exactly one tone.
///
/// Light on paper goes through all tones on its way into a shadow, and a scanner's grain spreads each of them. So where most
/// of what is neither paper nor ink has but a few tones, it is drawn, whether its edges are hard or soft.
struct FlatTones {
  /// The luma of the paper: the brightest tone that is common.
  let paper: Int

  /// The share of the picture that has the paper's tone, at least.
  private static let leastPaper = 0.2
  /// The same of one that is drawn.
  private static let leastTone = 0.01
  /// The share of what is neither paper nor ink that is in flat tones, at least.
  private static let leastFlat = 0.5

  /// - Parameter counts: how many pixels have each luma, 0...255.
  init?(_ counts: [Int]) {
    let total = counts.reduce(0, +)
    func sum(_ tones: ClosedRange<Int>) -> Int { tones.clamped(to: 0...255).reduce(0) { $0 + counts[$1] } }
    var (above, top) = (0, 255)
    while top > 0, above + counts[top] < max(1, total / 100) {
      above += counts[top]
      top -= 1
    }
    guard top >= 128, Double(counts[top]) >= Self.leastPaper * Double(total),
      counts[top] * 10 >= sum(top - 3...top + 3) * 9
    else { return nil }
    // Compression moves a tone by a level; two that are closer than five are one that changes.
    let drawn = top / 4...top - 8
    let flat = drawn.reduce(0) { found, tone in
      let near = sum(tone - 1...tone + 1)
      let isPeak = counts[tone] >= counts[tone - 1] && counts[tone] > counts[tone + 1]
      guard isPeak, Double(near) >= Self.leastTone * Double(total), near * 4 >= sum(tone - 5...tone + 5) * 3 else {
        return found
      }
      return found + near
    }
    guard flat > 0, Double(flat) >= Self.leastFlat * Double(sum(drawn)) else { return nil }
    paper = top
  }
}
