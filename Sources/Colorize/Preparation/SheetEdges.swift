// SPDX-License-Identifier: Apache-2.0

/// What bounds a sheet in a small picture of it: whether what is around it was drawn, and where an open book is folded.
struct SheetEdges {
  /// Of the small picture with its lines, row by row.
  let luma: [Float]
  /// The luma of the paper where it is lit.
  let tone: Float
  let plane: MaskPlane

  /// Paper of a scan is hardly ever as white as this.
  private static let pureWhite: Float = 250
  /// A lid is hardly ever as black as this all over.
  private static let pureBlack: Float = 10
  /// More of the sheet than this is as black, if the lines are.
  private static let leastInk = 0.002

  // MARK: Frames

  /// Whether what is outside of the sheet was drawn with it: as black as the ink without any noise, or of one other colour with
  /// lines on it, around paper of pure white. A panel's border, a letterbox, a floor in solid black, the ground behind a panel
  /// look like this; what a scanner or a camera saw has grain.
  ///
  /// - Parameter image: the picture itself, lines dark.
  func isDrawn(_ isSheet: [Bool], in image: Image) -> Bool {
    guard tone >= Self.pureWhite else { return false }
    // Away from the sheet's edge, which scaling has blurred.
    let inner = plane.grown(isSheet, by: 2)
    let outside = luma.indices.filter { !inner[$0] || (!isSheet[$0] && plane.isBorder($0)) }
    guard !outside.isEmpty else { return false }
    let black = outside.count { luma[$0] <= Self.pureBlack }
    guard black * 20 >= outside.count * 19 else { return isGround(outsideOf: isSheet, in: image) }
    return inkShare(of: isSheet, in: image) >= Self.leastInk
  }

  /// Lines are further from the ground than this, in levels.
  private static let leastLine = 24

  /// Whether what is outside of the sheet has exactly one colour but for lines.
  private func isGround(outsideOf isSheet: [Bool], in image: Image) -> Bool {
    let isNear = plane.grown(isSheet, by: 3)
    let channels = image.channels
    /// Calls `body` with where each pixel starts, away from the sheet's edge.
    func forEach(_ body: (Int) -> Void) {
      for y in stride(from: 0, to: image.height, by: max(1, image.height / 512)) {
        let row = y * plane.height / image.height * plane.width
        for x in 0..<image.width where !isNear[row + x * plane.width / image.width] {
          body((y * image.width + x) * channels)
        }
      }
    }
    var counts = [Int](repeating: 0, count: 256)
    var places = counts
    forEach { start in
      let tone = Int(image.pixels[start + channels / 2])
      if counts[tone] == 0 { places[tone] = start }
      counts[tone] += 1
    }
    guard let common = counts.indices.max(by: { counts[$0] < counts[$1] }), counts[common] > 0 else { return false }
    let ground = places[common]
    var (same, lines, total) = (0, 0, 0)
    forEach { start in
      total += 1
      let distance = (0..<channels).reduce(0) {
        max($0, abs(Int(image.pixels[start + $1]) - Int(image.pixels[ground + $1])))
      }
      if distance == 0 { same += 1 } else if distance > Self.leastLine { lines += 1 }
    }
    return same * 10 >= total * 9 && Double(lines) >= Self.leastInk * Double(total)
  }

  /// The share of the sheet that is black, in the picture's own pixels: lines may be thinner than a pixel of the plane.
  private func inkShare(of isSheet: [Bool], in image: Image) -> Double {
    var (ink, total) = (0, 0)
    let core = plane.grown(isSheet.map { !$0 }, by: 2)
    for y in stride(from: 0, to: image.height, by: max(1, image.height / 512)) {
      let row = y * plane.height / image.height * plane.width
      for x in 0..<image.width where !core[row + x * plane.width / image.width] {
        total += 1
        let start = (y * image.width + x) * image.channels
        if image.pixels[start..<start + image.channels].allSatisfy({ Float($0) <= 2 * Self.pureBlack }) { ink += 1 }
      }
    }
    return total == 0 ? 0 : Double(ink) / Double(total)
  }

  // MARK: The fold of a book

  /// The gutter is in the middle third or so.
  private static let middle = 0.3...0.7
  /// It is no wider than this share of the picture.
  private static let widest = 0.12
  /// Its shadow reaches further than a blurred edge, in pixels of the plane.
  private static let leastShadow = 4

  /// Where the gutter between two pages is; nil where there is none.
  ///
  /// It is a straight and dark band from one edge of the picture to the other, somewhere in its middle. A band with hard
  /// edges may be the line between two panels, unless pages lie on a desk or lid that shows between them.
  ///
  /// - Parameter isOnSheet: whether something outside of the sheet was found around it.
  func gutter(isOnSheet: Bool) -> [Bool]? {
    for isUpright in [true, false] {
      let (along, across) = isUpright ? (plane.height, plane.width) : (plane.width, plane.height)
      // Pages are side by side.
      guard across * 10 >= along * 9 else { continue }
      func light(_ place: Int, _ position: Int) -> Float {
        luma[isUpright ? position * plane.width + place : place * plane.width + position]
      }
      // Scans lie askew by a degree or two. Outside of the sheet there is no gutter to look for.
      let margin = isOnSheet ? along / 12 : 0
      var best: (band: ClosedRange<Int>, slope: Int, darkness: Float)?
      for slope in -6...6 {
        let levels = (0..<across).map { place -> (dark: Int, sum: Float) in
          var (dark, sum): (Int, Float) = (0, 0)
          for position in margin..<along - margin {
            let value = light(Self.shifted(place, position, slope, along, across), position)
            if value < 0.6 * tone { dark += 1 }
            sum += value
          }
          return (dark, sum / Float(along - 2 * margin))
        }
        guard let band = Self.band(levels.map { $0.dark * 100 >= (along - 2 * margin) * 97 }) else { continue }
        let darkness = band.reduce(0) { $0 + tone - levels[$1].sum }
        if darkness > best?.darkness ?? 0 {
          // The shadow to both sides, by the mean light, which lines change but little.
          let isShadow = levels.map { $0.sum < 0.85 * tone }
          var (first, last) = (band.lowerBound, band.upperBound)
          while first > 0, isShadow[first - 1] { first -= 1 }
          while last < across, isShadow[last] { last += 1 }
          guard last - first < Int(Self.widest * 2 * Double(across)) else { continue }
          // On paper of pure white a band is drawn, unless its shadow is broad.
          let isSoft = last - first >= band.count + Self.leastShadow * (tone >= Self.pureWhite ? 3 : 1)
          guard isSoft || isOnSheet else { continue }
          // Its shadow goes with it, as far as that is no wider than itself.
          let reach = max(2, band.count / 2)
          best = (max(first, band.lowerBound - reach) - 1...min(last, band.upperBound + reach), slope, darkness)
        }
      }
      guard let best else { continue }
      var mask = [Bool](repeating: false, count: luma.count)
      for position in 0..<along {
        for place in best.band {
          let place = Self.shifted(place, position, best.slope, along, across)
          mask[isUpright ? position * plane.width + place : place * plane.width + position] = true
        }
      }
      return mask
    }
    return nil
  }

  /// A place along a line that is askew by some pixels over the picture.
  private static func shifted(_ place: Int, _ position: Int, _ slope: Int, _ along: Int, _ across: Int) -> Int {
    min(max(place + slope * (2 * position - along) / (2 * max(along, 1)), 0), across - 1)
  }

  /// The sole run of dark columns in the middle.
  private static func band(_ isDark: [Bool]) -> Range<Int>? {
    let count = isDark.count
    let places = Int(middle.lowerBound * Double(count))..<Int(middle.upperBound * Double(count))
    guard let first = places.first(where: { isDark[$0] }), let last = places.last(where: { isDark[$0] }),
      last - first < Int(widest * Double(count)), isDark[first...last].allSatisfy(\.self), first > places.lowerBound,
      last < places.upperBound - 1
    else { return nil }
    return first..<last + 1
  }
}
