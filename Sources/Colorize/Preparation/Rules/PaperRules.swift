// SPDX-License-Identifier: Apache-2.0

/// The rules of a sheet, and how much of each light they take.
///
/// They are told from drawn lines by running straight over all of the sheet, at one distance from each other, paler than
/// what is drawn. A margin line goes with them: a single coloured line, over the whole sheet. A pencil's stroke over a rule takes
/// its share of what the rule leaves, so a drawing's samples are divided by the rule's: lines that a rule crosses are not cut.
/// Black ink shows nothing of a rule and stays as it is.
struct PaperRules: Hashable, Sendable {
  private struct Rule: Hashable {
    var isLevel: Bool
    /// Where it is in each strip, across it.
    var centers: [Float]
    /// Pixels to both sides of its middle.
    var reach: Int
    /// `[strips, channels]`: the paper beside it.
    var paper: [Float]
    /// The share of the light that it leaves, of each channel.
    var light: [Float]
    /// Whether it is lighter than the paper in some channel, as blue on yellow is.
    var isLighter = false
  }

  private var rules: [Rule] = []
  /// The middles of the strips, along level and along upright rules.
  private let levelMiddles: [Float]
  private let uprightMiddles: [Float]

  /// Rules that are at least so strong, against the ink, may be drawn.
  private static let mostShare: Float = 0.75
  /// Ink is at least this share of the drawing.
  private static let leastInk = 0.0008

  /// - Parameter drawing: grey or RGB, lines dark.
  init?(of drawing: Image) {
    guard min(drawing.width, drawing.height) >= 200 else { return nil }
    let level = RuleProfile(of: drawing, isLevel: true)
    let upright = RuleProfile(of: drawing, isLevel: false)
    (levelMiddles, uprightMiddles) = (level.middles, upright.middles)
    let (levelLines, uprightLines) = (level.lines, upright.lines)
    let families = [
      (level, RuleFamily(levelLines, across: level.across)),
      (upright, RuleFamily(uprightLines, across: upright.across)),
    ]
    let strongest = families.compactMap { $0.1?.mostStrength }.max() ?? 0
    guard strongest > 0 else { return nil }
    let strength = families.compactMap { $0.1?.strength }.max() ?? 0
    guard let ink = Self.inkStrength(of: drawing, above: strongest), strength < Self.mostShare * ink
    else { return nil }
    for (profile, family) in families {
      guard let family else { continue }
      var measured = family.lines.map {
        Self.measured($0, profile, in: drawing, pitch: family.pitch)
      }
      // What is drawn along a rule all over the sheet says nothing of it.
      for channel in 0..<drawing.channels {
        let usual = measured.map { $0.light[channel] }.sorted()[measured.count / 2]
        for (index, line) in family.lines.enumerated()
        where line.isGuessed || measured[index].light[channel] < 0.75 * usual {
          let bare = Self.measured(line, profile, in: drawing, pitch: family.pitch, quantile: 0.9)
            .light[channel]
          measured[index].light[channel] = min(max(bare, 0.75 * usual), usual)
        }
      }
      let reach = measured.map(\.reach).sorted()[measured.count / 2]
      for index in measured.indices {
        measured[index].reach = min(measured[index].reach, reach + 1)
      }
      // Pale blue is told by its colour, wherever it is, but on yellow.
      guard !Self.isBlue(measured) else { continue }
      rules += measured
    }
    // Margins.
    for (profile, lines) in [(level, levelLines), (upright, uprightLines)] {
      for line in lines {
        let rule = Self.measured(line, profile, in: drawing, pitch: .infinity)
        guard !rules.contains(where: { $0.isLevel == rule.isLevel && $0.centers == rule.centers }),
          line.strength < 0.9 * ink, Self.isColored(rule), !Self.isBlue([rule])
        else { continue }
        rules.append(rule)
      }
    }
    guard !rules.isEmpty else { return nil }
  }

  /// How strong what is drawn is, of what is darker than any rule; nil where hardly anything is.
  private static func inkStrength(of drawing: Image, above strongest: Float) -> Float? {
    let channels = drawing.channels
    let step = max(1, Int((Double(drawing.width * drawing.height) / 262_144).squareRoot()))
    var counts = [Int](repeating: 0, count: 256)
    for y in stride(from: 0, to: drawing.height, by: step) {
      for x in stride(from: 0, to: drawing.width, by: step) {
        let start = (y * drawing.width + x) * channels
        counts[Int(drawing.pixels[start..<start + channels].min() ?? 255)] += 1
      }
    }
    let total = counts.reduce(0, +)
    var (sum, paper) = (0, 255)
    while paper > 1, sum + counts[paper] < total / 4 {
      sum += counts[paper]
      paper -= 1
    }
    let most = Int(Float(paper) * (1 - min(1.2 * strongest + 0.04, 0.9)))
    let dark = counts[0...max(most, 0)]
    let ink = dark.reduce(0, +)
    guard Double(ink) >= leastInk * Double(total) else { return nil }
    var (above, value) = (0, max(most, 0))
    while value > 0, above + counts[value] < ink / 2 {
      above += counts[value]
      value -= 1
    }
    return 1 - Float(value) / Float(paper)
  }

  /// What a line takes of each channel, and how far it reaches.
  ///
  /// - Parameter quantile: Of what it leaves in the strips, from the darkest.
  private static func measured(
    _ line: RuleProfile.Line, _ profile: RuleProfile, in drawing: Image, pitch: Float,
    quantile: Float = 0.5
  )
    -> Rule
  {
    let channels = drawing.channels
    let (next, down) =
      profile.isLevel ? (channels, drawing.width * channels) : (drawing.width * channels, channels)
    let strips = line.centers.count
    let extent = max(8, min(48, profile.along / strips))
    let most = pitch < 60 ? max(1, Int((pitch - 1) / 2)) : 6
    let offsets = -most...most
    /// The median along a strip.
    func level(_ strip: Int, _ offset: Int, _ channel: Int) -> Float? {
      let place = Int(line.centers[strip].rounded()) + offset
      guard (0..<profile.across).contains(place) else { return nil }
      let middle = Int(profile.middles[strip])
      var values: [UInt8] = []
      for position in stride(
        from: middle - extent / 2, to: middle + extent / 2, by: max(1, extent / 12))
      where (0..<profile.along).contains(position) {
        values.append(drawing.pixels[place * down + position * next + channel])
      }
      values.sort()
      return values.isEmpty ? nil : Float(values[values.count / 2])
    }
    var paper = [Float](repeating: 0, count: strips * channels)
    var shares = [[Float]](repeating: [], count: channels * offsets.count)
    for strip in 0..<strips {
      for channel in 0..<channels {
        let levels = offsets.map { level(strip, $0, channel) }
        let lightest = levels.compactMap(\.self).max() ?? 0
        paper[strip * channels + channel] = lightest
        for (index, value) in levels.enumerated() {
          if let value { shares[channel * offsets.count + index].append(value / max(lightest, 1)) }
        }
      }
    }
    // Where something is drawn over a strip the paper beside it is not seen.
    for channel in 0..<channels {
      let all = (0..<strips).map { paper[$0 * channels + channel] }
      let seen = all.filter { $0 > 0 }.sorted()
      let usual = seen.isEmpty ? 255 : seen[seen.count / 2]
      for strip in 0..<strips where all[strip] < 0.8 * usual {
        paper[strip * channels + channel] = usual
      }
    }
    let usual = shares.map { values -> Float in
      values.isEmpty
        ? 1 : values.sorted()[min(Int(Float(values.count) * quantile), values.count - 1)]
    }
    var light = [Float](repeating: 1, count: channels)
    var reach = 1
    var isLighter = false
    for channel in 0..<channels {
      let row = usual[channel * offsets.count..<(channel + 1) * offsets.count]
      // It takes nothing of what it is lighter in than the paper.
      if let first = row.first, let last = row.last, row[row.startIndex + most] > max(first, last) + 0.03 {
        isLighter = true
        continue
      }
      let least = row.min() ?? 1
      // A little darker than the median, for its grain.
      light[channel] = max(least - 0.03, 0.1)
      // Outwards from its middle; what is darker further away is the grain of paper or of a JPEG file.
      let shares = Array(row)
      for side in [-1, 1] {
        var offset = 0
        while offset < most, 1 - shares[most + side * (offset + 1)] > max(0.2 * (1 - least), 0.02) { offset += 1 }
        reach = max(reach, offset)
      }
    }
    return Rule(
      isLevel: profile.isLevel, centers: line.centers, reach: min(reach + 1, most), paper: paper,
      light: light, isLighter: isLighter)
  }

  private static func isBlue(_ rules: [Rule]) -> Bool {
    let blue = rules.count {
      $0.light.count == 3 && !$0.isLighter && InkPlane.isBlue($0.light[0], $0.light[1], $0.light[2])
    }
    return blue * 2 > rules.count
  }

  private static func isColored(_ rule: Rule) -> Bool {
    (rule.light.max() ?? 1) - (rule.light.min() ?? 1) > 0.12
  }

  // MARK: Taking them out

  /// Where rules cross they take no more light than either does: they are printed at once.
  ///
  /// - Parameters:
  ///   - pixels: of a grey or RGB picture.
  ///   - original: the same before.
  func apply(to pixels: inout [UInt8], original: [UInt8], width: Int, height: Int, channels: Int) {
    pixels.withUnsafeMutableBufferPointer { pixels in
      for rule in rules {
        let middles = rule.isLevel ? levelMiddles : uprightMiddles
        let (along, across) = rule.isLevel ? (width, height) : (height, width)
        let (next, down) =
          rule.isLevel ? (channels, width * channels) : (width * channels, channels)
        var strip = 0
        for position in 0..<along {
          while strip + 2 < middles.count, Float(position) > middles[strip + 1] { strip += 1 }
          let share = min(
            max(
              (Float(position) - middles[strip]) / max(middles[strip + 1] - middles[strip], 1), -0.5
            ), 1.5)
          func between(_ a: Float, _ b: Float) -> Float { a + (b - a) * share }
          let center = Int(between(rule.centers[strip], rule.centers[strip + 1]).rounded())
          for place in max(
            0, center - rule.reach)...max(
              max(0, center - rule.reach), min(across - 1, center + rule.reach))
          where place < across {
            let start = place * down + position * next
            for channel in 0..<channels {
              let paper = between(
                rule.paper[strip * channels + channel], rule.paper[(strip + 1) * channels + channel]
              )
              let value = Float(original[start + channel])
              // Ink that is much darker than the rule covers it.
              let cover = min(max((value / max(paper * rule.light[channel], 1) - 0.35) / 0.3, 0), 1)
              let lifted = value + (min(value / rule.light[channel], max(value, paper)) - value) * cover
              pixels[start + channel] = max(
                pixels[start + channel], UInt8(min(max(lifted.rounded(), 0), 255)))
            }
          }
        }
      }
    }
  }
}
