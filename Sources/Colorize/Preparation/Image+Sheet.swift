// SPDX-License-Identifier: Apache-2.0

extension Image {
  /// The drawing alone, in its own pixels on white paper, where its preparation levelled uneven paper or left out the
  /// surroundings of the sheet, its marks or rules; else the drawing as it is.
  ///
  /// Regions and the lines over them are then those that the network was shown: the rules of a ruled sheet bound no region,
  /// the desk beneath it is no part of the picture, and no shadow of a lid lies over the colours.
  ///
  /// - Parameter prepared: what became of this drawing.
  package func sheet(_ prepared: PreparedSketch) -> Image {
    let report = prepared.report
    guard let paper = prepared.paper, !Set(report.steps).isDisjoint(with: SketchReport.Step.ofTheSheet) else {
      return self
    }
    let whole = inkOnWhite(report.polarity)
    let drawing = prepared.cleaning?.applied(to: whole) ?? whole
    let isLight = report.polarity == .lightOnDark
    let leavesOutBlue = report.steps.contains(.leftOutBlue)
    let grain = report.steps.contains(.levelledPaper) ? PaperGrain(of: drawing, on: paper) : PaperGrain()
    let channels = drawing.channels
    let pixels = [UInt8](unsafeUninitializedCapacity: drawing.pixels.count) { target, count in
      var levels = [Float](repeating: 0, count: width * channels)
      for y in 0..<height {
        paper.fill(row: y, width: width, into: &levels)
        for x in 0..<width {
          let (start, place) = ((y * width + x) * channels, x * channels)
          // The paper is 0 outside of the sheet.
          func light(_ channel: Int) -> Float {
            let level = levels[place + channel]
            return level > 0 ? min(Float(drawing.pixels[start + channel]) / level, 1) : 1
          }
          var least: Float = 1
          for channel in 0..<channels { least = min(least, light(channel)) }
          var whitening = grain.whitening(1 - least)
          if leavesOutBlue, channels == 3 {
            whitening = max(whitening, InkPlane.paleBlueShare(light(0), light(1), light(2)))
          }
          for channel in 0..<channels {
            let shown = light(channel)
            let sample = UInt8((255 * (shown + (1 - shown) * whitening)).rounded())
            target[start + channel] = isLight ? 255 - sample : sample
          }
        }
      }
      count = drawing.pixels.count
    }
    return Image(checkedWidth: width, height: height, channels: channels, pixels: pixels)
  }
}

extension SketchReport.Step {
  /// What concerns the drawing itself, and not only what the network sees of it.
  static let ofTheSheet: Set<Self> = [
    .levelledPaper, .leftOutSurroundings, .leftOutGutter, .leftOutMarks, .leftOutRules, .leftOutBlue, .removedSpecks,
    .removedScreentone,
  ]
}

/// How far the grain of levelled paper reaches in a drawing's own pixels, as a share of the paper's light.
private struct PaperGrain {
  /// Ink that is not stronger is paper.
  private let floor: Float

  /// Levels are found in a small picture, and are off by as much where light is steep.
  private static let leastFloor: Float = 0.05

  /// None.
  init() { floor = 0 }

  /// - Parameters:
  ///   - drawing: lines dark.
  ///   - paper: beneath it.
  init(of drawing: Image, on paper: PaperMap) {
    let (width, channels) = (drawing.width, drawing.channels)
    var levels = [Float](repeating: 0, count: width * channels)
    let step = max(1, Int((Double(width * drawing.height) / 65_536).squareRoot()))
    var inks: [Float] = []
    for y in stride(from: 0, to: drawing.height, by: step) {
      paper.fill(row: y, width: width, into: &levels)
      for x in stride(from: 0, to: width, by: step) where levels[x * channels] > 0 {
        var least = Float.infinity
        for channel in 0..<channels {
          least = min(
            least, Float(drawing.pixels[(y * width + x) * channels + channel]) / levels[x * channels + channel])
        }
        // Solid ink says nothing of the paper.
        if abs(1 - least) < 0.35 { inks.append(1 - least) }
      }
    }
    guard !inks.isEmpty else {
      floor = Self.leastFloor
      return
    }
    inks.sort()
    let middle = inks[inks.count / 2]
    // The lighter half of the paper has no lines in it; a quarter of all is as far from the middle as two thirds of a
    // deviation.
    let deviation = 1.4826 * (middle - inks[inks.count / 4])
    floor = min(max(middle + 3 * deviation, Self.leastFloor), 0.25)
  }

  /// How much whiter such ink becomes: all of it up to the floor, nothing from twice the floor on, so that no edge is made.
  func whitening(_ ink: Float) -> Float {
    guard ink > 0, ink < 2 * floor else { return 0 }
    return ink <= floor ? 1 : 1 - 2 * (ink - floor) / ink
  }
}
