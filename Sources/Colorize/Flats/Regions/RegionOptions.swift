// SPDX-License-Identifier: Apache-2.0

/// How the regions of a drawing are found.
public struct RegionOptions: Sendable, Hashable, Codable {
  /// The widest gap between lines that is closed, in pixels of the drawing: 0 (none) ... 1000; nil takes
  /// ``defaultGap(width:height:)``.
  ///
  /// A gap is a narrow between two areas that are both clearly wider than it: a place where a strand of hair tapers is
  /// none.
  public var maximumGap: Double?
  /// Areas smaller than this, in pixels of the drawing, go to a neighbour: 0 (keep all) ... ; nil takes
  /// ``defaultMinimumArea(width:height:)``.
  ///
  /// It holds for areas that are open towards a neighbour, as between hatching. Areas that lines enclose (an eye, a
  /// button) stay from an eighth of it on.
  public var minimumArea: Int?
  /// Which of the drawing's two tones is the line.
  public var polarity: SketchPolarity
  /// Strokes that bound regions and are not part of the drawing; nil where there are none.
  public var guides: GuideOptions?

  public init(
    maximumGap: Double? = nil, minimumArea: Int? = nil, polarity: SketchPolarity = .automatic,
    guides: GuideOptions? = nil
  ) {
    self.maximumGap = maximumGap
    self.minimumArea = minimumArea
    self.polarity = polarity
    self.guides = guides
  }

  /// A thirtieth of the shorter side, 2 to 200 pixels.
  ///
  /// Measured on drawings with and without gaps: as a gap is only closed between two areas that are clearly wider, a
  /// generous width parts few areas that belong together, and each that it parts is painted by the same vote.
  public static func defaultGap(width: Int, height: Int) -> Double {
    min(200, max(2, Double(min(width, height)) / 30))
  }

  /// The square of a hundredth of the picture's mean side: 100 pixels of 1000 x 1000.
  public static func defaultMinimumArea(width: Int, height: Int) -> Int {
    max(1, width * height / 10_000)
  }

  /// - Throws: ``FlatsError/invalidOption(reason:)``.
  func validate() throws(FlatsError) {
    if let maximumGap, !(0...1000).contains(maximumGap) {
      throw .invalidOption(reason: "The widest gap to close is 0 to 1000 pixels, not \(maximumGap)")
    }
    if let minimumArea, minimumArea < 0 {
      throw .invalidOption(reason: "The smallest area of a region is at least 0 pixels, not \(minimumArea)")
    }
    try guides?.validate()
  }
}
