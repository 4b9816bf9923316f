// SPDX-License-Identifier: Apache-2.0

/// A drawing's regions with one colour each: what a painter of cels lays down before light and shadow.
///
/// ```swift
/// let map = try RegionMap(lineArt: sketch)
/// var flats = try Flats(map, painting: result.image)
/// try flats.recolor(12, to: RGB(200, 30, 40))
/// try flats.image.multiplied(by: sketch).write(to: "flats.png")
/// ```
///
/// Every pixel has its region's colour: none is left unpainted, and no edge is antialiased.
public struct Flats: Sendable, Hashable {
  /// The regions.
  public let map: RegionMap
  /// The colours of the regions, by ``Region/id``.
  public internal(set) var paints: [Paint]
  /// How the regions voted for a palette's colours; nil where they did not.
  package let vote: Vote?

  /// A vote for a palette's colours.
  package struct Vote: Sendable, Hashable {
    package let palette: Palette
    /// By region and entry: the entry's share of the region's vote, 0...1.
    package let shares: [[Float]]
  }

  /// The colour of a region.
  public struct Paint: Sendable, Hashable, Codable {
    public var color: RGB
    /// The share of the vote that the colour got, 0...1: how sure it is. 1 for a colour that was given.
    public var share: Double
    /// The palette entry's name, where it has one.
    public var name: String?
    /// The palette entry's place in the palette; nil without a palette.
    public var entry: Int?
    /// The CIEDE2000 difference of what was painted from the colour.
    public var distance: Double

    public init(_ color: RGB, share: Double = 1, name: String? = nil, entry: Int? = nil, distance: Double = 0) {
      self.color = color
      self.share = share
      self.name = name
      self.entry = entry
      self.distance = distance
    }
  }

  /// Gives every region the colour that a painting of the drawing votes for.
  ///
  /// What is found is the colour that most of a region has, not a mean: pixels vote in CIELAB, those in the middle
  /// more than those near bounds, where paintings are blurred and lines are drawn. The painting may be smaller than the
  /// drawing, as networks' are, or larger; it is laid over the drawing's whole area.
  ///
  /// - Parameters:
  ///   - painting: Transparency counts as white.
  /// - Throws: ``FlatsError/invalidOption(reason:)``, or `CancellationError`.
  public init(_ map: RegionMap, painting: Image, options: FlatsOptions = FlatsOptions()) throws {
    try self.init(map, painting: painting, options: options, sides: nil)
  }

  /// - Parameters:
  ///   - sides: which of the palette's colours belong to the figure, which to the ground.
  ///   - carried: what the reference says of the regions.
  package init(
    _ map: RegionMap, painting: Image, options: FlatsOptions, sides: PaletteSides?, carried: CarriedColors? = nil
  ) throws {
    try options.validate()
    let ballots = try Ballots(map, painting: painting.composited(), carried: carried)
    try Task.checkCancellation()
    if let palette = options.palette {
      let result = PaletteVote.result(palette, sides: sides, ballots: ballots, map: map)
      self.init(checked: map, paints: result.paints, vote: Vote(palette: palette, shares: result.shares))
    } else {
      self.init(checked: map, paints: ColorGroups(ballots, options: options).paints)
    }
  }

  /// Regions with given colours.
  ///
  /// - Parameter paints: One for each region.
  /// - Throws: ``FlatsError/mismatch(reason:)``.
  public init(_ map: RegionMap, paints: [Paint]) throws(FlatsError) {
    guard paints.count == map.regions.count else {
      throw .mismatch(reason: "There are \(paints.count) colours for \(map.regions.count) regions")
    }
    self.init(checked: map, paints: paints)
  }

  private init(checked map: RegionMap, paints: [Paint], vote: Vote? = nil) {
    self.map = map
    self.paints = paints
    self.vote = vote
  }

  /// Gives a region another colour.
  ///
  /// - Throws: ``FlatsError/mismatch(reason:)`` if there is no such region.
  public mutating func recolor(_ region: Int, to color: RGB, name: String? = nil) throws(FlatsError) {
    guard paints.indices.contains(region) else {
      throw .mismatch(reason: "There is no region \(region), only 0 to \(paints.count - 1)")
    }
    paints[region] = Paint(color, name: name)
  }

  /// Gives all regions of a colour another one.
  ///
  /// - Returns: How many regions have changed.
  @discardableResult
  public mutating func replace(_ color: RGB, with other: RGB, name: String? = nil) -> Int {
    let found = paints.indices.filter { paints[$0].color == color }
    for region in found { paints[region] = Paint(other, name: name) }
    return found.count
  }

  /// One colour of the picture.
  public struct ColorUse: Sendable, Hashable, Codable {
    public let color: RGB
    /// The palette entry's name, where all that have one agree.
    public let name: String?
    /// Pixels, and regions.
    public let area: Int
    public let regions: [Int]
  }

  /// The colours of the picture, those of the largest area first: exactly these, each once.
  public var colors: [ColorUse] {
    var members: [RGB: [Int]] = [:]
    for (region, paint) in paints.enumerated() { members[paint.color, default: []].append(region) }
    return members.map { color, regions in
      let names = Set(regions.compactMap { paints[$0].name })
      return ColorUse(
        color: color, name: names.count == 1 ? names.first : nil,
        area: regions.reduce(0) { $0 + map.regions[$1].area }, regions: regions)
    }.sorted { ($1.area, $0.color.packed) < ($0.area, $1.color.packed) }
  }

  /// With a palette: the regions whose painted colour is further from every entry than a CIEDE2000 difference, the
  /// largest first.
  public func regions(furtherThan distance: Double) -> [Int] {
    paints.indices.filter { paints[$0].entry != nil && paints[$0].distance > distance }
  }

  /// The picture: three channels, without lines.
  public var image: Image {
    let colors = paints.map(\.color)
    let pixels = [UInt8](unsafeUninitializedCapacity: map.labels.count * 3) { target, count in
      for (pixel, label) in map.labels.enumerated() {
        let color = colors[Int(label)]
        target[pixel * 3] = color.red
        target[pixel * 3 + 1] = color.green
        target[pixel * 3 + 2] = color.blue
      }
      count = map.labels.count * 3
    }
    return Image(checkedWidth: map.width, height: map.height, channels: 3, pixels: pixels)
  }
}
