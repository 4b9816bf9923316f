import Colorize

/// Flats of paintings of one pair: each closed region of the sketch in one colour, voted for by a painting.
struct FlatsMaker {
  private let map: RegionMap
  /// How long it took to find the regions.
  let seconds: Double

  /// Finds the regions of the sketch.
  init(_ pair: QualityPair) throws {
    let clock = ContinuousClock()
    let start = clock.now
    map = try RegionMap(lineArt: pair.sketch, options: RegionOptions(polarity: .darkOnLight))
    seconds = (clock.now - start) / .seconds(1)
  }

  /// The regions: each has its number as its colour, red the highest of the three bytes.
  func numbers() throws -> Image {
    try Image(
      width: map.width, height: map.height, channels: 3,
      pixels: map.labels.flatMap { label in
        [UInt8(label >> 16 & 255), UInt8(label >> 8 & 255), UInt8(label & 255)]
      })
  }

  /// The colours that flats may have.
  struct Palettes {
    /// Of the figure's regions; with vanilla mode, which knows no figure, of all.
    let figure: Palette
    /// Of the ground's; nil where the figure's stands for all.
    let ground: Palette?

    /// The colours of a reference; in modes with masks those of its figure and of its ground, each found by itself.
    init(of reference: Image, figure mask: Mask, mode: InferenceMode) throws {
      guard mode != .vanilla else {
        figure = try Palette(of: reference)
        ground = nil
        return
      }
      figure = try Palette(of: reference, mask: mask)
      ground = try Palette(
        of: reference, mask: Mask(width: mask.width, height: mask.height, values: mask.values.map { 1 - $0 }))
    }
  }

  /// The flats of a painting, without lines.
  ///
  /// - Parameters:
  ///   - palettes: the only colours that they may have; nil takes the painting's.
  ///   - mask: where the figure is, of the sketch's size.
  func callAsFunction(_ painting: Image, palettes: Palettes? = nil, mask: Mask) throws -> Image {
    guard let palettes else { return try Flats(map, painting: painting).image }
    let flats = try Flats(map, painting: painting, options: FlatsOptions(palette: palettes.figure))
    guard let palette = palettes.ground else { return flats.image }
    let ground = try Flats(map, painting: painting, options: FlatsOptions(palette: palette))
    var inside = [Int](repeating: 0, count: map.regions.count)
    for (label, value) in zip(map.labels, mask.values) where value >= 0.5 { inside[Int(label)] += 1 }
    return try Flats(
      map,
      paints: map.regions.indices.map { region in
        inside[region] * 2 > map.regions[region].area ? flats.paints[region] : ground.paints[region]
      }
    ).image
  }
}
