// SPDX-License-Identifier: Apache-2.0

extension Image {
  /// The drawing alone, in its own pixels on white paper, where its preparation left out the surroundings of the sheet or pale
  /// blue lines; else the drawing as it is.
  ///
  /// Regions and the lines over them are then those that the network was shown: the rules of a ruled sheet bound no region,
  /// and the desk beneath it is no part of the picture.
  func sheet(_ report: SketchReport) -> Image {
    guard report.steps.contains(.leftOutSurroundings) || report.steps.contains(.leftOutBlue) else { return self }
    let drawing = inkOnWhite(report.polarity)
    let paper = PaperMap(of: drawing)
    let isLight = report.polarity == .lightOnDark
    let leavesOutBlue = report.steps.contains(.leftOutBlue)
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
          var whitening: Float = 0
          if leavesOutBlue, channels == 3 {
            whitening = InkPlane.paleBlueShare(light(0), light(1), light(2))
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
