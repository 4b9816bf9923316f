// SPDX-License-Identifier: Apache-2.0

/// How much ink there is at each pixel of a drawing, as its distance from the paper's colour: 0 paper, 1 no light at all.
///
/// Ink and shadows take away a share of the paper's light, so ink is `1 - v / paper`, of the channel that loses most:
/// what a pink line takes from green and blue counts in full, where luma would call it nearly white.
struct InkPlane {
  let width: Int
  let height: Int
  /// `[height, width]`: the largest of the channels; below 0 where a pixel is lighter than the paper.
  let values: [Float]
  /// The same of luma alone.
  let luma: [Float]
  /// How strong the ink is in the drawing's own pixels: half of all ink is in pixels that are at least as strong.
  let strength: Float
  /// `[height, width]`: the strongest ink of the drawing's own pixels at each place, whatever their width.
  let peaks: [Float]
  /// Whether pale blue lines beneath dark ink were left out.
  let leavesOutBlue: Bool

  /// Ink of a drawing with dark lines, at the working size.
  ///
  /// Measured in the drawing's own pixels and then shrunk, so that a thin line keeps its share. Pale blue under dark
  /// neutral ink is not drawn but drawn upon: blue pencil, and the rules of paper; there the channel counts that loses
  /// least light, and blue ink does not take blue light.
  ///
  /// - Parameter image: grey or RGB.
  init(of image: Image, paper: PaperMap, width: Int, height: Int) {
    var isFilled = false
    let hasBlue = image.channels == 3 && Self.hasBlueBeneathInk(image, paper: paper)
    self.init(of: image, width: width, height: height, leavesOutBlue: hasBlue) { row, levels in
      if isFilled, paper.columns * paper.rows == 1 { return }
      paper.fill(row: row, width: image.width, into: &levels)
      isFilled = true
    }
  }

  /// Ink above the colours around it, with any of them for paper.
  init(of image: Image, paper: LocalPaper, width: Int, height: Int) {
    self.init(of: image, width: width, height: height, glow: 24) { row, levels in
      paper.fill(row: row, into: &levels)
    }
  }

  /// - Parameter glow: light that is added to ink and paper alike, so that a channel which the paper does not have at all
  ///   says nothing.
  /// - Parameter fill: puts the paper's levels along a row into `image.width * image.channels` floats.
  private init(
    of image: Image, width: Int, height: Int, glow: Float = 0, leavesOutBlue: Bool = false,
    fill: (_ row: Int, _ levels: inout [Float]) -> Void
  ) {
    self.width = width
    self.height = height
    self.leavesOutBlue = leavesOutBlue
    let channels = image.channels
    let planes = channels == 3 ? 2 : 1
    var levels = [Float](repeating: 0, count: image.width * channels)
    // Kept in 1/8192, which halves the memory of floats: a large scan has tens of millions of pixels.
    var ink = [Int16](repeating: 0, count: image.width * image.height * planes)
    /// What is black is ink, however wide it is, where ink is measured against what is around it.
    func solid(_ lightest: Float) -> Float { glow > 0 ? min(max((48 - lightest) / 32, 0), 1) : -.infinity }
    func fixed(_ value: Float) -> Int16 { Int16(min(max(value * 8192, -32_000), 32_000)) }
    image.pixels.withUnsafeBufferPointer { pixels in
      ink.withUnsafeMutableBufferPointer { ink in
        for y in 0..<image.height {
          fill(y, &levels)
          levels.withUnsafeBufferPointer { levels in
            for x in 0..<image.width {
              let index = y * image.width + x
              if channels == 1 {
                // Outside of the sheet.
                guard levels[x] + glow > 0 else { continue }
                let value = Float(pixels[index])
                ink[index] = fixed(max(1 - (value + glow) / (levels[x] + glow), solid(value)))
              } else {
                let (r, g, b) = (Float(pixels[index * 3]), Float(pixels[index * 3 + 1]), Float(pixels[index * 3 + 2]))
                let (pr, pg, pb) = (levels[x * 3], levels[x * 3 + 1], levels[x * 3 + 2])
                guard min(pr, pg, pb) + glow > 0 else { continue }
                let (red, green, blue) = ((r + glow) / (pr + glow), (g + glow) / (pg + glow), (b + glow) / (pb + glow))
                var least = min(red, green, blue)
                var luma = (0.299 * r + 0.587 * g + 0.114 * b + glow) / (0.299 * pr + 0.587 * pg + 0.114 * pb + glow)
                let share = leavesOutBlue ? Self.paleBlueShare(red, green, blue) : 0
                if share > 0 {
                  least += (blue - least) * share
                  luma += (max(blue, luma) - luma) * share
                }
                let black = solid(max(r, g, b))
                ink[index * 2] = fixed(max(1 - least, black))
                ink[index * 2 + 1] = fixed(max(1 - luma, black))
              }
            }
          }
        }
      }
    }
    strength = Self.strength(of: ink, planes: planes)
    peaks = Self.peaks(of: ink, planes: planes, from: (image.width, image.height), to: (width, height))
    var shrunk: [Float] = []
    shrunk.reserveCapacity(width * height * planes)
    let count = image.width * planes
    Resampler(from: (image.width, image.height), to: (width, height)).run(channels: planes) { row, target in
      ink.withUnsafeBufferPointer { ink in
        target.withUnsafeMutableBufferPointer { target in
          for index in 0..<count { target[index] = Float(ink[row * count + index]) / 8192 }
        }
      }
    } emit: { _, values in
      shrunk.append(contentsOf: values)
    }
    values = planes == 1 ? shrunk : stride(from: 0, to: shrunk.count, by: 2).map { shrunk[$0] }
    luma = planes == 1 ? shrunk : stride(from: 1, to: shrunk.count, by: 2).map { shrunk[$0] }
  }

  /// The share of the drawing that is filled with a colour, in areas wider than lines: of what takes some light more than
  /// other, in all of a neighbourhood.
  var filledShare: Float {
    let radius = 3
    func isColored(_ index: Int) -> Bool { values[index] > 0.15 && values[index] - luma[index] > 0.06 }
    guard min(width, height) > 2 * radius else { return 0 }
    var count = 0
    for y in radius..<height - radius {
      for x in radius..<width - radius {
        let index = y * width + x
        guard isColored(index) else { continue }
        if (-radius...radius).allSatisfy({ isColored(index + $0) && isColored(index + $0 * width) }) { count += 1 }
      }
    }
    return Float(count) / Float(max(values.count, 1))
  }

  /// Blue ink that is weaker than this is pale.
  private static let paleBlue: Float = 0.65

  /// Whether light of a blue pencil or of a printed rule comes back: red is taken most, blue least.
  static func isBlue(_ red: Float, _ green: Float, _ blue: Float) -> Bool {
    red < 0.97 && red <= green + 0.02 && green <= blue + 0.02 && 1 - blue < 0.4 * (1 - red)
  }

  /// How much of a pixel's ink is a pale blue line, of its share of the paper's light: whole ink is let be.
  static func paleBlueShare(_ red: Float, _ green: Float, _ blue: Float) -> Float {
    guard isBlue(red, green, blue) else { return 0 }
    return min(max((paleBlue - (1 - min(red, green, blue))) / 0.15, 0), 1)
  }

  /// Whether there are both pale blue ink and dark ink without colour, and more of it than a word.
  ///
  /// Blue close to dark ink may be the ink's own edge, as JPEG makes it, and pale blue beside as much strong blue is the edge
  /// of blue lines, which are drawn: boundaries of shadows.
  private static func hasBlueBeneathInk(_ image: Image, paper: PaperMap) -> Bool {
    let width = image.width
    let reach = max(3, max(width, image.height) / 400)
    var (blues, strongs, darks, total) = (0, 0, 0, 0)
    var levels = [Float](repeating: 0, count: width * 3)
    var isFilled = false
    for y in stride(from: 0, to: image.height, by: max(1, image.height / 512)) {
      if !isFilled || paper.columns * paper.rows > 1 { paper.fill(row: y, width: width, into: &levels) }
      isFilled = true
      var lastDark = -reach - 1
      /// Places of pale blue that no dark ink was found beside yet.
      var pending: [Int] = []
      for x in 0..<width where levels[x * 3] > 0 {
        let index = (y * width + x) * 3
        let red = Float(image.pixels[index]) / levels[x * 3]
        let green = Float(image.pixels[index + 1]) / levels[x * 3 + 1]
        let blue = Float(image.pixels[index + 2]) / levels[x * 3 + 2]
        total += 1
        if max(red, green, blue) < 0.45, max(red, green, blue) - min(red, green, blue) < 0.12 {
          darks += 1
          lastDark = x
          while let last = pending.last, x - last <= reach { pending.removeLast() }
        } else if isBlue(red, green, blue), 1 - red >= 0.08, max(green, blue) < 1.08 {
          if 1 - red > paleBlue { strongs += 1 } else if x - lastDark > reach { pending.append(x) }
        }
      }
      blues += pending.count
    }
    return darks * 500 >= total && blues * 400 >= total && blues * 4 <= total && strongs * 8 <= blues
  }

  /// The maxima of the ink that falls into each place, and of the places next to it.
  private static func peaks(
    of ink: [Int16], planes: Int, from source: (width: Int, height: Int), to target: (width: Int, height: Int)
  ) -> [Float] {
    var peaks = [Int16](repeating: 0, count: target.width * target.height)
    let columns = (0..<source.width).map { $0 * target.width / source.width }
    ink.withUnsafeBufferPointer { ink in
      peaks.withUnsafeMutableBufferPointer { peaks in
        for y in 0..<source.height {
          let start = y * target.height / source.height * target.width
          for x in 0..<source.width {
            let value = ink[(y * source.width + x) * planes]
            if value > peaks[start + columns[x]] { peaks[start + columns[x]] = value }
          }
        }
      }
    }
    // Where a drawing grows there are places without a pixel of their own.
    let reachX = max(1, (target.width + source.width - 1) / source.width)
    let reachY = max(1, (target.height + source.height - 1) / source.height)
    return peaks.indices.map { index in
      let (x, y) = (index % target.width, index / target.width)
      var most: Int16 = 0
      for row in max(0, y - reachY)...min(target.height - 1, y + reachY) {
        for column in max(0, x - reachX)...min(target.width - 1, x + reachX) {
          most = max(most, peaks[row * target.width + column])
        }
      }
      return Float(most) / 8192
    }
  }

  /// The deviation of the paper's grain, of the half of it that is lighter than its middle, which has no lines in it.
  private static func grain(of ink: [Int16], planes: Int) -> Float {
    let count = ink.count / planes
    let sample = stride(from: 0, to: count, by: max(1, count / 65_536)).map { ink[$0 * planes] }
      .filter { abs($0) < 2867 }.sorted()
    guard !sample.isEmpty else { return 0 }
    // A quarter of all is as far from the middle as two thirds of a deviation.
    return 1.4826 * Float(sample[sample.count / 2] - sample[sample.count / 4])
  }

  private static func strength(of ink: [Int16], planes: Int) -> Float {
    // In steps of 1/256, from 8% on: what is fainter may be grain. Rough paper has more of it.
    let least = Int16(min(max(655, 5 * Self.grain(of: ink, planes: planes)), 4096))
    var masses = [Double](repeating: 0, count: 257)
    ink.withUnsafeBufferPointer { ink in
      for index in stride(from: 0, to: ink.count, by: planes) where ink[index] > least {
        masses[min(Int(ink[index]) / 32, 256)] += Double(ink[index])
      }
    }
    let half = masses.reduce(0, +) / 2
    guard half > 0 else { return 0 }
    var sum = 0.0
    for level in masses.indices.reversed() {
      sum += masses[level]
      if sum >= half { return Float(level) / 256 }
    }
    return 0
  }
}
