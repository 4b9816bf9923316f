// SPDX-License-Identifier: Apache-2.0

/// Where thin straight lines cross the strips of a drawing, at each place across them.
///
/// Strips are narrow bands that run across the lines that are looked for. In each, the median along the line's direction is
/// taken: a rule is in all of a strip's width, what is drawn over it hardly ever is.
struct RuleProfile {
  /// Whether the lines that are looked for run from left to right.
  let isLevel: Bool
  /// The drawing's extent along the lines, and across them.
  let along: Int
  let across: Int
  /// The middles of the strips, along the lines.
  let middles: [Float]
  /// `[strips, across]`: how much darker a place is than what is around it, as a share of that.
  let ridges: [Float]
  /// What is fainter is grain.
  static let leastRidge: Float = 0.025

  private static let strips = 24
  private let extent: Int
  private let step: Int

  init(of drawing: Image, isLevel: Bool) {
    self.isLevel = isLevel
    (along, across) = isLevel ? (drawing.width, drawing.height) : (drawing.height, drawing.width)
    extent = max(1, min(48, along / Self.strips))
    step = max(1, extent / 16)
    let (along, across, extent) = (along, across, extent)
    middles = (0..<Self.strips).map { Float(Self.start($0, along: along, extent: extent)) + Float(extent - 1) / 2 }
    let radius = max(5, across / 400)
    var levels = [UInt8](repeating: 0, count: Self.strips * across)
    let scales = Self.scales(of: drawing)
    for strip in 0..<Self.strips {
      Self.forEachPlace(
        of: drawing, scales: scales, isLevel: isLevel, strip: strip, extent: extent, step: step
      ) { place, median in
        levels[strip * across + place] = median
      }
    }
    let sorted = stride(from: 0, to: levels.count, by: max(1, levels.count / 8192)).map { levels[$0] }.sorted()
    let paper = Float(sorted[sorted.count * 3 / 4])
    var ridges = [Float](repeating: 0, count: levels.count)
    for strip in 0..<Self.strips {
      let line = Array(levels[strip * across..<(strip + 1) * across])
      let closed = Self.running(Self.running(line, radius: radius, max), radius: radius, min)
      for place in 0..<across where Float(closed[place]) > 0.5 * paper {
        ridges[strip * across + place] = Float(closed[place] - line[place]) / Float(closed[place])
      }
    }
    self.ridges = ridges
  }

  private static func start(_ strip: Int, along: Int, extent: Int) -> Int {
    (along - extent) * strip / max(strips - 1, 1)
  }

  /// What each channel is multiplied by, in 1/256, for paper to be as light in all of them as in its darkest: blue rules on
  /// yellow paper are lighter than it in blue.
  private static func scales(of drawing: Image) -> [Int]? {
    guard drawing.channels == 3 else { return nil }
    var counts = [[Int]](repeating: [Int](repeating: 0, count: 256), count: 3)
    let step = max(1, Int((Double(drawing.width * drawing.height) / 65_536).squareRoot()))
    var total = 0
    for y in stride(from: 0, to: drawing.height, by: step) {
      for x in stride(from: 0, to: drawing.width, by: step) {
        total += 1
        for channel in 0..<3 { counts[channel][Int(drawing.pixels[(y * drawing.width + x) * 3 + channel])] += 1 }
      }
    }
    let paper = counts.map { counts -> Int in
      var (sum, level) = (0, 255)
      while level > 1, sum + counts[level] < total / 4 {
        sum += counts[level]
        level -= 1
      }
      return level
    }
    let least = paper.min() ?? 255
    return paper.map { least * 256 / $0 }
  }

  /// The medians of the darkest channel.
  ///
  /// - Parameter scales: of a picture with three channels.
  private static func forEachPlace(
    of drawing: Image, scales: [Int]?, isLevel: Bool, strip: Int, extent: Int, step: Int, _ body: (Int, UInt8) -> Void
  ) {
    let channels = drawing.channels
    let (along, across) = isLevel ? (drawing.width, drawing.height) : (drawing.height, drawing.width)
    let (next, down) = isLevel ? (channels, drawing.width * channels) : (drawing.width * channels, channels)
    let first = start(strip, along: along, extent: extent)
    let places = Array(stride(from: first, to: first + extent, by: step))
    var values = [UInt8](repeating: 0, count: places.count)
    drawing.pixels.withUnsafeBufferPointer { pixels in
      values.withUnsafeMutableBufferPointer { values in
        for place in 0..<across {
          for (index, position) in places.enumerated() {
            let start = place * down + position * next
            var value = pixels[start]
            if let scales {
              let least = (0..<3).reduce(Int.max) { min($0, Int(pixels[start + $1]) * scales[$1]) }
              value = UInt8(min(least >> 8, 255))
            }
            // Sorted as they come; there are few.
            var slot = index
            while slot > 0, values[slot - 1] > value {
              values[slot] = values[slot - 1]
              slot -= 1
            }
            values[slot] = value
          }
          body(place, values[values.count / 2])
        }
      }
    }
  }

  private static func running(_ values: [UInt8], radius: Int, _ pick: (UInt8, UInt8) -> UInt8) -> [UInt8] {
    values.indices.map { index in
      var best = values[index]
      for other in max(0, index - radius)...min(values.count - 1, index + radius) { best = pick(best, values[other]) }
      return best
    }
  }

  // MARK: Lines

  /// Lines that run through most strips.
  struct Line {
    /// Where it is in each strip, across it.
    var centers: [Float]
    /// The median of its strength.
    var strength: Float
    /// Where it would be in the middle of the drawing.
    var place: Float
    /// Whether it was not seen, and is where others are that it belongs to.
    var isGuessed = false
  }

  /// What is found in the strips along the slope that fits best.
  var lines: [Line] {
    let strips = Self.strips
    // At least six lines, through half of the strips.
    guard ridges.count(where: { $0 > Self.leastRidge }) >= 3 * strips else { return [] }
    guard let slope = bestSlope else { return [] }
    let shifts = bentShifts(along: slope)
    var strength = [Float](repeating: 0, count: across)
    for place in 1..<max(2, across - 1) {
      var found: [Float] = []
      for strip in 0..<strips {
        let shifted = place + shifts[strip]
        guard shifted >= 1, shifted < across - 1 else { continue }
        let start = strip * across + shifted
        found.append(max(ridges[start], ridges[start - 1], ridges[start + 1]))
      }
      guard found.count * 4 >= strips * 3 else { continue }
      let crossed = found.count { $0 > Self.leastRidge }
      guard crossed * 4 >= found.count * 3 else { continue }
      // From about one edge to the other.
      let isWhole =
        found.prefix(3).contains { $0 > Self.leastRidge } && found.suffix(3).contains { $0 > Self.leastRidge }
      if isWhole { strength[place] = found.sorted()[found.count / 2] }
    }
    var lines: [Line] = []
    var place = 1
    while place < across - 1 {
      guard strength[place] > 0 else {
        place += 1
        continue
      }
      // A run of places that one line makes, or several that are close: its summits.
      var end = place
      while end < across, strength[end] > 0 { end += 1 }
      for summit in summits(place..<end, shifts: shifts) { lines.append(summit) }
      place = end
    }
    return lines
  }

  /// The maxima of the ridges' sum in a run of places.
  private func summits(_ places: Range<Int>, shifts: [Int]) -> [Line] {
    func sum(_ place: Int) -> Float {
      (0..<Self.strips).reduce(0) { total, strip in
        let shifted = place + shifts[strip]
        return (0..<across).contains(shifted) ? total + min(ridges[strip * across + shifted], 0.3) : total
      }
    }
    let sums = (places.lowerBound - 1...places.upperBound).map(sum)
    // A broad line has a broad summit, which grain makes rough.
    let reach = max(1, across / 800)
    return places.compactMap { place -> Line? in
      let index = place - places.lowerBound + 1
      let before = sums[max(0, index - reach)..<index]
      let after = sums[index + 1...min(sums.count - 1, index + reach)]
      guard sums[index] > 0, before.allSatisfy({ $0 < sums[index] }), after.allSatisfy({ $0 <= sums[index] }) else {
        return nil
      }
      var centers: [Float] = []
      var strengths: [Float] = []
      for strip in 0..<Self.strips {
        let expected = place + shifts[strip]
        var (weight, moment, most): (Float, Float, Float) = (0, 0, 0)
        // Along a slope, a line leaves the picture on its way.
        for shifted in expected - 2...expected + 2 where (0..<across).contains(shifted) {
          let ridge = ridges[strip * across + shifted]
          weight += ridge
          moment += ridge * Float(shifted)
          most = max(most, ridge)
        }
        let isFound = most > Self.leastRidge && most < 0.85
        centers.append(isFound ? moment / weight : .nan)
        if isFound { strengths.append(most) }
      }
      guard strengths.count * 2 >= Self.strips else { return nil }
      // Where something is drawn over it, it goes on as to both sides.
      let deviations = zip(centers, shifts).map { $0 - Float(place + $1) }
      let known = deviations.filter { !$0.isNaN }.sorted()
      let usual = known[known.count / 2]
      let smooth = deviations.indices.map { strip -> Float in
        let near = deviations[max(0, strip - 2)...min(deviations.count - 1, strip + 2)].filter { !$0.isNaN }.sorted()
        return near.isEmpty ? usual : near[near.count / 2]
      }
      return Line(
        centers: zip(smooth, shifts).map { $0 + Float(place + $1) }, strength: strengths.sorted()[strengths.count / 2],
        place: Float(place) + usual)
    }
  }

  /// How far the lines are shifted in each strip, against the middle of the drawing: along a slope, and bent, as paper does
  /// not lie flat. Each strip is laid upon those before it, from the middle outwards.
  private func bentShifts(along slope: Float) -> [Int] {
    let middle = Float(along - 1) / 2
    var shifts = middles.map { Int((($0 - middle) * slope).rounded()) }
    var sums = [Float](repeating: 0, count: across)
    func add(_ strip: Int) {
      for place in max(0, -shifts[strip])..<max(max(0, -shifts[strip]), min(across, across - shifts[strip])) {
        sums[place] += min(ridges[strip * across + place + shifts[strip]], 0.2)
      }
    }
    let center = Self.strips / 2
    add(center)
    var bends = [Int](repeating: 0, count: Self.strips)
    for strip in Array(center + 1..<Self.strips) + (0..<center).reversed() {
      let inner = strip > center ? strip - 1 : strip + 1
      func fit(_ shift: Int) -> Float {
        var total: Float = 0
        for place in max(0, -shift)..<max(max(0, -shift), min(across, across - shift)) {
          total += sums[place] * min(ridges[strip * across + place + shift], 0.2)
        }
        return total
      }
      // Going on as the strip before it is preferred.
      let likely = [0, -1, 1, -2, 2].map { (bend: bends[inner] + $0, fit: fit(shifts[strip] + bends[inner] + $0)) }
      guard let best = likely.max(by: { $0.fit < $1.fit }) else { continue }
      bends[strip] = best.fit > 1.02 * likely[0].fit ? best.bend : bends[inner]
      shifts[strip] += bends[strip]
      add(strip)
    }
    return shifts
  }

  /// The slope at which the strips' ridges lie over each other; scans are askew by less than two degrees.
  private var bestSlope: Float? {
    let steps = min(160, Int(0.035 * Float(along)))
    let middle = Float(along - 1) / 2
    var best: (slope: Float, energy: Float)?
    var sums = [Float](repeating: 0, count: across)
    ridges.withUnsafeBufferPointer { ridges in
      for step in -steps...steps {
        let slope = 0.035 * Float(step) / Float(max(steps, 1))
        for place in 0..<across { sums[place] = 0 }
        for strip in 0..<Self.strips {
          let shift = Int(((middles[strip] - middle) * slope).rounded())
          let start = strip * across + shift
          for place in max(0, -shift)..<max(max(0, -shift), min(across, across - shift)) {
            sums[place] += min(ridges[start + place], 0.2)
          }
        }
        let energy = sums.reduce(0) { $0 + $1 * $1 }
        if energy > best?.energy ?? 0 { best = (slope, energy) }
      }
    }
    return best?.slope
  }
}
