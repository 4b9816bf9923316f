// SPDX-License-Identifier: Apache-2.0

/// What a drawing with dark lines needs, and what comes of it.
struct SketchAnalysis {
  let report: SketchReport
  let paper: PaperMap
  /// -1...1, row by row; nil where the drawing is to stay as it is.
  let lines: [Float]?

  /// Crests that are fewer than one in two thousand pixels are no drawing.
  private static let leastCrests: Float = 0.0005
  /// The same of a drawing of a few dozen pixels, of which lines are a good part.
  private static let leastSmallCrests: Float = 0.02
  /// Lines that reach the network at this strength are as it knows them.
  private static let strong: Float = 0.6
  /// Where a typical line is brought to. Above 1, so that a crest between two pixels is about black as well.
  private static let target: Float = 1.15
  /// The ink across a line that lines are brought to, in pixels of full ink, before black is cut off.
  private static let mass: Float = 2.2
  /// Ink of this share of the typical lines' is made black as they are.
  private static let full: Float = 0.75
  /// Lines are made stronger by no more than this.
  private static let mostGain: Float = 24
  /// Paper whose cells jump in tone or hue at more than this share of their borders is no paper.
  private static let mostRoughness: Float = 0.12
  /// Neither is that of which more than this share is of another hue.
  private static let mostColorfulness: Float = 0.1
  /// Paper whose light goes up and down by more than this is a photograph's.
  private static let mostRipple: Float = 0.1
  /// A drawing with more of its area filled with colours than this is a painting.
  private static let mostFilled: Float = 0.04
  /// Broad lines that are fewer than one in five hundred pixels are no drawing.
  private static let leastBold: Float = 0.002
  /// Typical lines are stronger than the grain by this factor; crests of mere grain are about four times its deviation.
  private static let leastContrast: Float = 5
  /// A drawing with more of its area in tones than this is a painting.
  private static let mostTones: Float = 0.35

  /// - Parameters:
  ///   - drawing: opaque, grey or RGB, lines dark.
  ///   - width: the working size; so the height.
  ///   - cleaned: what was taken out of it before.
  init(
    _ drawing: Image, width: Int, height: Int, polarity: PolarityEstimate, preparation: SketchPreparation,
    cleaned: [SketchReport.Step] = []
  ) {
    paper = PaperMap(of: drawing)
    let takesOut = preparation == .extracted
    let ink =
      takesOut
      ? InkPlane(
        of: drawing, paper: LocalPaper(of: drawing, radius: Self.radius(of: drawing)), width: width, height: height)
      : InkPlane(of: drawing, paper: paper, width: width, height: height)
    let isFlat = !takesOut && paper.hasFlatTones
    var measure = LineMeasure(ink.values, width: width, height: height, isFlat: isFlat)
    var isSmall = false
    var luma = drawing.channels == 3 ? LineMeasure(ink.luma, width: width, height: height, isFlat: isFlat) : measure
    let color = paper.rgb
    var kind =
      takesOut
      ? Self.kind(measure) : Self.kind(measure, paper: paper, filled: drawing.channels == 3 ? ink.filledShare : 0)
    // The lines of a very small drawing become broad and soft where it grows; its own pixels tell them.
    if kind == .blank, !takesOut, drawing.width * 3 < width || drawing.height * 3 < height {
      let small = InkPlane(of: drawing, paper: paper, width: drawing.width, height: drawing.height)
      let own = LineMeasure(small.values, width: drawing.width, height: drawing.height)
      if own.crestShare > Self.leastSmallCrests, own.strength(at: 0.4) > max(Self.leastContrast * own.grain, 0.2) {
        kind = .lines
        measure = own
        luma = drawing.channels == 3 ? LineMeasure(small.luma, width: drawing.width, height: drawing.height) : own
        isSmall = true
      }
    }
    let typical = measure.strength(at: 0.4)
    let plainly = luma.strength(at: 0.4)

    var steps: [SketchReport.Step] = []
    if takesOut {
      steps.append(.extractedLines)
    } else if paper.unevenness > 12 {
      steps.append(.levelledPaper)
    } else if min(color.red, color.green, color.blue) < 245 {
      steps.append(.whitenedPaper)
    }
    if !takesOut, paper.hasOutside { steps.append(.leftOutSurroundings) }
    if !takesOut, paper.hasGutter { steps.append(.leftOutGutter) }
    steps += cleaned
    if ink.leavesOutBlue { steps.append(.leftOutBlue) }
    if plainly < 0.8 * typical, plainly < Self.strong { steps.append(.darkenedColors) }
    if typical < Self.strong { steps.append(.strengthenedLines) }
    if !steps.isEmpty, measure.grain > 0.004 { steps.append(.removedGrain) }
    // Strokes that grew are broad as it is.
    if isSmall { steps.removeAll { $0 == .strengthenedLines || $0 == .removedGrain } }
    let isChanged = preparation != .asIs && kind == .lines && !steps.isEmpty

    // Grey paper takes from the contrast of what is on it.
    let lightness = Float(Image.luma(red: color.red, green: color.green, blue: color.blue)) / 255
    var visibility = min(plainly * lightness, 1)
    let seen = visibility
    if isChanged {
      let floor = measure.paper + 2 * measure.grain
      let clean = measure.withoutSpecks(ink.values, width: width, height: height)
      // Strong lines are brought to black by their darkest, faint ones by their typical strength.
      let level =
        typical < Self.strong
        ? (typical - 2 * measure.grain) / Self.target : min(max(measure.strength(at: 0.9) - 2 * measure.grain, 0.6), 1)
      var gain = 1 / max(level, 0.02)
      // A line of half a pixel becomes one pixel wide by being black; the network knows lines of two.
      if typical < Self.strong { gain *= min(max(Self.mass / max(measure.mass * gain, 0.1), 1), 1.5) }
      gain = min(gain, Self.mostGain)
      // What is much paler than the lines in the drawing's own pixels does not become as black as they, however broad it
      // is: creases, the other side of the paper, its rules, lines of construction.
      let own = takesOut || isSmall ? 0 : measure.strength(of: ink.peaks, at: 0.4)
      lines = clean.indices.map { index in
        var shown = (clean[index] - floor) * gain
        if own > 0 {
          let share = ink.peaks[index] / own
          if share < Self.full { shown = min(shown, share * (share / Self.full).squareRoot()) }
        }
        // Rounded as a picture is, so that the picture of it gives the same lines.
        return -SampleRange.signed.float(of: SampleRange.unit.sample(of: 1 - shown))
      }
      visibility = min(max((typical - 2 * measure.grain) * gain, 0), 1)
    } else {
      lines = nil
    }
    let scale = isSmall ? 1 : Float(max(drawing.width, drawing.height)) / Float(max(width, height))
    // Tones, and the grain of rough paper, may be more ink than the lines are.
    let crests = takesOut || isSmall ? 0 : measure.strength(of: ink.peaks, at: 0.4)
    let strength = crests > 1.25 * ink.strength ? min(crests, 1) : ink.strength
    report = SketchReport(
      kind: kind, polarity: polarity.polarity, polarityCertainty: polarity.certainty,
      paper: polarity.polarity == .lightOnDark ? RGB(255 - color.red, 255 - color.green, 255 - color.blue) : color,
      inkStrength: kind == .lines ? min(strength * lightness, 1) : 0,
      lineWidth: kind == .lines ? measure.mass * scale / max(strength, 0.02) : nil,
      visibility: kind == .lines ? seen : 0, preparedVisibility: kind == .lines ? visibility : 0,
      steps: isChanged ? steps : [])
  }

  private static func kind(_ measure: LineMeasure, paper: PaperMap, filled: Float) -> SketchReport.Kind {
    if filled > mostFilled || paper.isPatch || paper.ripple > mostRipple { return .painting }
    if paper.roughness > mostRoughness || paper.colorfulness > mostColorfulness { return .painting }
    // A few flat tones are none, however large they are.
    if measure.toneShare > mostTones, !paper.hasFlatTones { return .painting }
    // Photographs in grey jump less, and have tones besides.
    if paper.roughness > mostRoughness / 2, measure.toneShare > mostTones / 7 { return .painting }
    // Crests that do not stand out of the grain are its own.
    if measure.strength(at: 0.4) < leastContrast * measure.grain { return .blank }
    return measure.crestShare < leastCrests && measure.boldShare < leastBold ? .blank : .lines
  }

  /// Of lines that were taken out of their colours, of which a few are as good as many. What is faint even where it is
  /// strongest is the rounding of corners.
  static func kind(_ measure: LineMeasure) -> SketchReport.Kind {
    measure.crestShare < leastCrests / 5 || measure.strength(at: 0.9) < 0.2 ? .blank : .lines
  }

  /// Lines that are taken out of a coloured picture are at most a sixtieth of its longer side wide.
  private static func radius(of drawing: Image) -> Int { max(2, max(drawing.width, drawing.height) / 120) }
}

extension SketchReport {
  /// Takes what a network found, whatever the picture looks like.
  mutating func take(_ measure: LineMeasure, network: String) {
    kind = SketchAnalysis.kind(measure)
    visibility = kind == .lines ? min(measure.strength(at: 0.4), 1) : 0
    preparedVisibility = visibility
    inkStrength = visibility
    lineWidth = kind == .lines ? measure.mass / max(visibility, 0.02) : nil
    steps = [.extractedLines]
    self.network = network
  }
}

extension PaperMap {
  /// The mean colour, rounded.
  fileprivate var rgb: RGB {
    let samples = color.map { UInt8(min(max($0.rounded(), 0), 255)) }
    return channels == 3 ? RGB(samples[0], samples[1], samples[2]) : RGB(samples[0], samples[0], samples[0])
  }
}
