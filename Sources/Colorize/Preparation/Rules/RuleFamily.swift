// SPDX-License-Identifier: Apache-2.0

/// Lines at one distance from each other, over most of a sheet: the rules of note, graph and millimetre paper.
struct RuleFamily {
  let lines: [RuleProfile.Line]
  let pitch: Float

  /// - Parameter found: in order of their places.
  init?(_ found: [RuleProfile.Line], across: Int) {
    guard found.count >= 6 else { return nil }
    // What is much stronger is drawn along a rule, or elsewhere; each tenth of millimetre paper is but little stronger.
    let usual = found.map(\.strength).sorted()[found.count * 2 / 5]
    let lines = found.filter { $0.strength <= 1.7 * usual + 0.03 }
    guard lines.count >= 6 else { return nil }
    let gaps = zip(lines.dropFirst(), lines).map { $0.place - $1.place }.sorted()
    // Of a grid that was found in part, most gaps are still the pitch, or some of them are.
    guard
      let pitch = [gaps[gaps.count / 2], gaps[gaps.count / 4]].first(where: { pitch in
        let fitting = gaps.count { abs($0 - pitch) < max(1.5, 0.12 * pitch) }
        return pitch >= 3 && fitting * 2 >= gaps.count
      })
    else { return nil }
    // The grid follows its lines: paper shrinks, and cameras are never quite level.
    var best: [RuleProfile.Line] = []
    for seed in stride(from: 0, to: lines.count, by: max(1, lines.count / 6)) {
      var members: [RuleProfile.Line] = [lines[seed]]
      var steps = 0
      for line in lines[(seed + 1)...] {
        guard let last = members.last else { break }
        let distance = (line.place - last.place) / pitch
        let whole = distance.rounded()
        guard whole >= 1, abs(distance - whole) < max(0.15, 1.5 / pitch) else { continue }
        steps += Int(whole)
        members.append(line)
      }
      if members.count > best.count, members.count * 10 >= (steps + 1) * 7 { best = members }
    }
    guard best.count >= 6, let first = best.first, let last = best.last,
      last.place - first.place > 0.5 * Float(across)
    else { return nil }
    // What was found besides is drawn, if it is not much; if it is, this is no grid.
    guard best.count * 3 >= lines.count * 2 else { return nil }
    (self.lines, self.pitch) = (Self.completed(best, pitch: pitch, across: Float(across)), pitch)
  }

  /// With those between that were not found, as much is drawn over them.
  private static func completed(_ lines: [RuleProfile.Line], pitch: Float, across: Float) -> [RuleProfile.Line] {
    var whole: [RuleProfile.Line] = []
    for line in lines {
      if let last = whole.last {
        let steps = Int(((line.place - last.place) / pitch).rounded())
        for step in 1..<max(min(steps, 6), 1) {
          let share = Float(step) / Float(steps)
          whole.append(
            RuleProfile.Line(
              centers: zip(last.centers, line.centers).map { $0 + ($1 - $0) * share },
              strength: min(last.strength, line.strength), place: last.place + (line.place - last.place) * share,
              isGuessed: true))
        }
      }
      whole.append(line)
    }
    // Askew, the first and the last are partly outside of the picture.
    func shifted(_ line: RuleProfile.Line, _ distance: Float) -> RuleProfile.Line? {
      let centers = line.centers.map { $0 + distance }
      let isPartlyOutside = centers.contains { $0 < 1 || $0 > across - 2 }
      guard isPartlyOutside, centers.contains(where: { $0 > -2 && $0 < across + 1 }) else { return nil }
      return RuleProfile.Line(
        centers: centers, strength: line.strength, place: line.place + distance, isGuessed: true)
    }
    if let first = lines.first, let before = shifted(first, -pitch) { whole.insert(before, at: 0) }
    if let last = lines.last, let after = shifted(last, pitch) { whole.append(after) }
    return whole
  }

  var strength: Float {
    let strengths = lines.map(\.strength).sorted()
    return strengths[strengths.count / 2]
  }

  /// That of the heaviest lines, as each tenth of millimetre paper is.
  var mostStrength: Float {
    let strengths = lines.map(\.strength).sorted()
    return strengths[strengths.count * 19 / 20]
  }
}
