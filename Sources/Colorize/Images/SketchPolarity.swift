// SPDX-License-Identifier: Apache-2.0

/// Which of a drawing's two tones is the line.
public enum SketchPolarity: String, Sendable, Hashable, CaseIterable, Codable {
  /// Decide by looking at the drawing; see ``Image/detectedPolarity``.
  case automatic
  /// Ink on paper: dark lines, light paper.
  case darkOnLight
  /// Chalk on a board: light lines, dark paper.
  case lightOnDark
}

extension Image {
  /// The polarity of a drawing: ``SketchPolarity/darkOnLight`` or ``SketchPolarity/lightOnDark``, never automatic.
  ///
  /// Found by the shape of the lines: thin dark structures, which a morphological closing fills, against thin light ones,
  /// which an opening removes. The tones of the sheet and of its border are a second voice, which decides where both are
  /// about as many; on transparent paper it decides alone. ``prepared(_:polarity:width:height:)`` tells how sure it is.
  ///
  /// An empty drawing comes out as all paper.
  public var detectedPolarity: SketchPolarity { polarityEstimate.polarity }

  /// The polarity by tones alone.
  ///
  /// Most of a drawing is paper. All statistics weight a pixel by its alpha; luma is Rec. 601, here in 0...1.
  ///
  /// 1. Paper that is transparent (mean alpha below 0.5): what is left are the lines, or a figure cut out. They are
  ///    light lines if they are about white (a mean luma above 0.78, hardly a colour), less than 5% of them is darker
  ///    than 0.5, and they cover at most 35% of the image. The last two keep a cut-out with white skin and dark outlines
  ///    from being taken for chalk, and pink or blue lines are drawn for white paper.
  /// 2. Otherwise the paper's luma is the median of the whole image, or that of its border (the outer 2%), whichever
  ///    is lighter: they disagree where ink covers more than half of the paper, or where a scan has a dark frame, and
  ///    in both cases the lighter is the paper.
  ///    Paper of 0.5 or lighter has dark lines; paper of 0.2 or darker has light lines.
  /// 3. On paper between, as in a dim photo, the lines stand out to one side: with the sum of `(luma - paper)^3`,
  ///    in which even noise cancels and the faint deviations of the paper weigh little, a positive sum means light
  ///    lines, any other dark lines.
  var polarityByTones: SketchPolarity {
    let all = LumaHistogram(self, border: nil)
    let coverage = all.total / (255 * Double(width * height))
    // Nothing but transparency: no lines of either kind.
    guard coverage > 0 else { return .darkOnLight }
    if coverage < 0.5 {
      let isChalk = all.mean > 200 && all.share(below: 128) < 0.05 && coverage <= 0.35 && meanChroma < 40
      return isChalk ? .lightOnDark : .darkOnLight
    }
    let border = LumaHistogram(self, border: max(1, min(width, height) / 50))
    let paper = max(all.median, border.total > 0 ? border.median : 0)
    if paper >= 127.5 { return .darkOnLight }
    if paper <= 51 { return .lightOnDark }
    return all.thirdMoment(about: paper) > 0 ? .lightOnDark : .darkOnLight
  }
}

extension Image {
  /// The mean of how far the channels of a pixel are apart, 0...255, weighted by alpha.
  private var meanChroma: Double {
    guard channels == 4 else { return 0 }
    var (sum, total) = (0.0, 0.0)
    pixels.withUnsafeBufferPointer { source in
      for pixel in stride(from: 0, to: source.count, by: 4) {
        let (red, green, blue) = (source[pixel], source[pixel + 1], source[pixel + 2])
        sum += Double(max(red, green, blue) - min(red, green, blue)) * Double(source[pixel + 3])
        total += Double(source[pixel + 3])
      }
    }
    return total > 0 ? sum / total : 0
  }
}

/// How much of an image, weighted by alpha, has each luma.
struct LumaHistogram {
  private var weights = [Double](repeating: 0, count: 256)

  /// The sum of the weights; an opaque pixel weighs 255.
  private(set) var total = 0.0

  /// - Parameter border: The pixels of a frame to look at; nil for the whole image.
  init(_ image: Image, border: Int?) {
    let (width, height, channels) = (image.width, image.height, image.channels)
    image.pixels.withUnsafeBufferPointer { source in
      for y in 0..<height {
        for x in 0..<width {
          if let border, x >= border, y >= border, x < width - border, y < height - border { continue }
          let pixel = (y * width + x) * channels
          let luma =
            channels == 1
            ? source[pixel] : Image.luma(red: source[pixel], green: source[pixel + 1], blue: source[pixel + 2])
          weights[Int(luma)] += channels == 4 ? Double(source[pixel + 3]) : 255
        }
      }
    }
    total = weights.reduce(0, +)
  }

  /// The mean luma, 0...255.
  var mean: Double {
    zip(weights.indices, weights).reduce(0) { $0 + Double($1.0) * $1.1 } / total
  }

  /// The lowest luma that at least half of the weight does not exceed.
  var median: Double {
    var sum = 0.0
    for (luma, weight) in weights.enumerated() {
      sum += weight
      if sum * 2 >= total { return Double(luma) }
    }
    return 255
  }

  /// The share of the weight that is darker than a luma.
  func share(below luma: Int) -> Double {
    weights[..<luma].reduce(0, +) / total
  }

  /// The mean of `(luma - center)^3`.
  func thirdMoment(about center: Double) -> Double {
    weights.enumerated().reduce(0) { sum, entry in
      let deviation = Double(entry.offset) - center
      return sum + deviation * deviation * deviation * entry.element
    } / total
  }
}
