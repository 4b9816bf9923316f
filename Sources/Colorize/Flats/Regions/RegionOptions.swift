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

  /// A hundredth of the shorter side, at least 2 pixels.
  public static func defaultGap(width: Int, height: Int) -> Double {
    max(2, Double(min(width, height)) / 100)
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
