// SPDX-License-Identifier: Apache-2.0

/// The closed regions of a drawing: every pixel belongs to exactly one.
///
/// ```swift
/// let map = try RegionMap(lineArt: sketch)
/// let flats = try Flats(map, painting: result.image)
/// ```
///
/// How they are found: the drawing becomes a map of its ink, whatever the colour of paper and lines, and that a map of
/// the lines. The distance from the lines is a relief, whose basins are the regions; basins that only a narrow place
/// joins stay apart, so that gaps in the lines are closed (``RegionOptions/maximumGap``). Specks go to their
/// neighbours, solid black spots become regions, and the lines' own pixels go to the region that is nearest: a line is
/// parted down its middle, and no paper shows beside it.
public struct RegionMap: Sendable, Hashable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// The ``Region/id`` of each pixel: rows from the top, pixels from the left.
  public let labels: [UInt32]
  /// The regions by their id, from the largest to the smallest: at least one.
  public let regions: [Region]
  /// The gaps between lines that were closed, the widest first; at most ``maximumGapCount``. Empty for a map that was
  /// read from a file.
  public let gaps: [Gap]

  /// The most gaps that are listed.
  public static let maximumGapCount = 10_000

  /// Finds the regions of a drawing.
  ///
  /// Any picture gives a result: a blank one, and one that is ink all over, are one region. It takes time in
  /// proportion to the number of pixels, and can be cancelled between its steps.
  ///
  /// - Throws: ``FlatsError/invalidOption(reason:)``, or `CancellationError`.
  public init(lineArt: Image, options: RegionOptions = RegionOptions()) throws {
    try self.init(lineArt: lineArt, options: options, lines: nil)
  }

  /// - Parameter lines: those of the drawing without its guide strokes, where they were found already.
  init(lineArt: Image, options: RegionOptions, lines: LineMask?) throws {
    try options.validate()
    try Task.checkCancellation()
    self = try RegionBuilder(lineArt, options: options, lines: lines).map()
  }

  init(width: Int, height: Int, labels: [UInt32], regions: [Region], gaps: [Gap]) {
    self.width = width
    self.height = height
    self.labels = labels
    self.regions = regions
    self.gaps = gaps
  }

  /// The region at a pixel; nil outside the picture.
  public func region(x: Int, y: Int) -> Region? {
    guard x >= 0, y >= 0, x < width, y < height else { return nil }
    return regions[Int(labels[y * width + x])]
  }
}
