// SPDX-License-Identifier: Apache-2.0

/// What a reference looks like, as far as it is none that colours can come from.
package enum ReferenceLook: Sendable, Hashable {
  /// Areas of colours or tones, which is what a reference has.
  case colored
  /// Lines on paper and nothing else.
  case lineArt
  /// One colour all over, give or take the grain of paper.
  case blank
  /// Areas of tones, and no colour at all.
  case grey
  /// Too small to show anything.
  case tiny

  /// The longer sides that colours and lines are looked at on, at most.
  private static let (colorSide, lineSide) = (160, 768)
  /// Pictures whose longer side is shorter show nothing.
  private static let leastSide = 16
  /// Samples of a pixel that are further apart are no grey, give or take what a file's compression leaves.
  private static let greyChroma = 12
  /// A picture with more of its pixels in any colour is not grey.
  private static let mostTinted = 0.001
  /// Samples of a pixel that are further apart are a colour.
  private static let leastChroma = 40
  /// A picture with more of its pixels in colours is no line drawing, whatever their colour.
  private static let mostColored = 0.25
  /// Pixels that differ from the usual colour by no more are of that colour.
  private static let grain = 24
  /// Fewer pixels than this of another colour are specks.
  private static let leastOther = 0.002
  /// A line drawing has less than this of its area in colours or greys.
  private static let mostToned: Float = 0.01

  package init(_ picture: Image) {
    guard max(picture.width, picture.height) >= Self.leastSide else {
      self = .tiny
      return
    }
    guard let small = try? picture.fitted(within: Self.colorSide).composited() else {
      self = .colored
      return
    }
    let pixels = small.width * small.height
    func count(beyond chroma: Int) -> Int {
      stride(from: 0, to: pixels * 3, by: 3).count { index in
        let samples = small.pixels[index..<index + 3]
        return Int(samples.max() ?? 0) - Int(samples.min() ?? 0) > chroma
      }
    }
    let colored = count(beyond: Self.leastChroma)
    let isGrey = Double(count(beyond: Self.greyChroma)) <= Self.mostTinted * Double(pixels)
    let isUniform = small.isUniform(within: Self.grain, butFor: Self.leastOther)
    guard isUniform || Double(colored) <= Self.mostColored * Double(pixels),
      let drawing = try? picture.fitted(within: Self.lineSide),
      let sketch = try? drawing.prepared(width: drawing.width, height: drawing.height)
    else {
      self = .colored
      return
    }
    switch sketch.report.kind {
    case .lines where sketch.tonedShare(of: drawing) < Self.mostToned: self = .lineArt
    case .blank where isUniform: self = .blank
    default: self = isGrey ? .grey : .colored
    }
  }
}

extension PreparedSketch {
  /// The share of the drawing in areas of a colour or a grey that are wider than lines: solid black is none.
  fileprivate func tonedShare(of drawing: Image) -> Float {
    guard let paper else { return 0 }
    let (width, height) = (image.width, image.height)
    let ink = InkPlane(of: drawing.inkOnWhite(report.polarity), paper: paper, width: width, height: height)
    let reach = max(3, max(width, height) / 96)
    guard min(width, height) > 2 * reach else { return 0 }
    let isToned = ink.values.indices.map { index in
      ink.values[index] > 0.12 && (ink.values[index] < 0.85 || ink.values[index] - ink.luma[index] > 0.06)
    }
    var count = 0
    for y in reach..<height - reach {
      for x in reach..<width - reach {
        let index = y * width + x
        guard isToned[index] else { continue }
        if (-reach...reach).allSatisfy({ isToned[index + $0] && isToned[index + $0 * width] }) { count += 1 }
      }
    }
    return Float(count) / Float(width * height)
  }
}

extension Image {
  /// Made smaller, if it is larger.
  fileprivate func fitted(within side: Int) throws(ImageError) -> Image {
    let longer = max(width, height)
    guard longer > side else { return self }
    return try resized(width: max(1, width * side / longer), height: max(1, height * side / longer))
  }

  /// Whether nearly all pixels are of one colour.
  fileprivate func isUniform(within difference: Int, butFor share: Double) -> Bool {
    let usual = (0..<channels).map { channel -> Int in
      let samples = stride(from: channel, to: pixels.count, by: channels).map { pixels[$0] }.sorted()
      return Int(samples[samples.count / 2])
    }
    let others = stride(from: 0, to: pixels.count, by: channels).count { start in
      (0..<channels).contains { abs(Int(pixels[start + $0]) - usual[$0]) > difference }
    }
    return Double(others * channels) <= share * Double(pixels.count)
  }
}
