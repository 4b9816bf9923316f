// SPDX-License-Identifier: Apache-2.0

/// The reference's colours at the places that a drawing's regions have in it: a second vote beside the painting's.
///
/// Regions of the figure look where the alignment of their parts of the drawing leads, or where they are found themselves. The
/// ground does not follow a figure that moves: its regions look at the same place of the picture.
package struct CarriedColors: Sendable {
  /// What is looked at.
  package struct Source: Sendable {
    /// The reference, and where its figure is.
    let reference: AlignmentTarget
    let mask: Mask?
    /// The picture of the ground, where it has one of its own.
    let background: Image?
    /// Where the drawing's figure is.
    let sketchMask: Mask?
  }

  /// How the drawing lies in the reference.
  package let alignment: Alignment
  private let parts: AlignedParts
  private let places: OwnPlaces
  private let reference: Image
  private let mask: Mask?
  private let background: Image?
  /// The reference's outlines.
  private let outlines: PlaceMask
  /// For each region how much of its vote is carried, 0...1, and whether it belongs to the ground.
  private let weights: [Double]
  private let isGround: [Bool]
  /// The drawing's.
  private let size: ImageSize
  private let labels: [UInt32]
  /// From the reference's places back to the drawing's; nil where the grounds of both are known.
  private let back: AffineMap?

  /// The figure's weight where the alignment is sure, and the ground's.
  private static let most = (figure: 0.9, ground: 0.55)
  /// Without masks, a region is ground that has more of its bound on the picture's edge than this.
  private static let border = 0.15
  /// Mask values from here on are the figure's.
  private static let inside: Float = 0.3
  /// Where less of a region than this is seen in the reference, nothing is carried.
  static let leastSeen = 0.15
  /// How much an outline of the reference counts beside what is on its sides: a region is none, but a region that moved a little
  /// lies on one. Some thin dark regions are outlines, so that these count a little.
  private static let outline: Float = 0.1

  /// - Parameters:
  ///   - lines: the drawing's, of the size of `map`.
  ///   - masks: where the figure is in the drawing and in the reference; nil where that is not known of both.
  init(_ map: RegionMap, lines: LineMask, _ source: Source) throws {
    let density = LineDensity(lines)
    let alignment = try AlignmentSearch(density, source.reference).best()
    let pyramid = try source.reference.pyramid()
    let parts = AlignedParts(
      try PartSearch(density, pyramid, whole: alignment.map).parts(), whole: alignment)
    (self.alignment, self.parts) = (alignment, parts)
    labels = map.labels
    reference = source.reference.picture
    mask = try source.mask?.resized(width: reference.width, height: reference.height)
    background = source.background?.composited()
    outlines = pyramid.thinLines
    size = ImageSize(width: map.width, height: map.height)
    let isGround: [Bool] =
      if let sketchMask = source.sketchMask {
        PaletteSides.figureShares(map, mask: sketchMask).map { $0 <= 0.5 }
      } else {
        Self.ground(map, alignment, pyramid)
      }
    // Where both grounds are known they have the same place. Else only a view of the same figure says so.
    let isKnown = source.sketchMask != nil && (source.mask != nil || source.background != nil)
    back = isKnown ? nil : alignment.map.inverse
    let trust = Self.trust(map, parts)
    let ground = Self.most.ground * (isKnown ? 1 : alignment.confidence)
    let search = RegionSearch(density, pyramid, whole: alignment.map, parts: parts, map: map)
    let found = try search?.places(isGround.map { !$0 && parts.gate > 0 }) ?? map.regions.map { _ in nil }
    let places = OwnPlaces(found, map, gate: parts.gate, reference: reference, trust: trust)
    weights = isGround.indices.map { region in
      isGround[region] ? ground : Self.most.figure * (places[region]?.trust ?? trust[region])
    }
    self.places = places
    self.isGround = isGround
  }

  /// How much of a region's vote is carried.
  func weight(of region: Int) -> Double { weights[region] }

  /// The reference's colour for a pixel of a region, and how far it can be trusted beside those of other pixels, 0...1; nil
  /// where the reference does not show it.
  func color(x: Int, y: Int, region: Int) -> (color: SIMD3<Float>, trust: Float)? {
    guard weights[region] > 0 else { return nil }
    let isGround = isGround[region]
    let picture = isGround ? background ?? reference : reference
    let (width, height) = (Double(picture.width), Double(picture.height))
    let own = SIMD2(Double(size.width), Double(size.height))
    let pixel = SIMD2(Double(x) + 0.5, Double(y) + 0.5)
    var trust: Float = 1
    let place: SIMD2<Double>
    if isGround {
      place = pixel / own * SIMD2(width, height)
    } else {
      let spot = Self.spot(x, y, own)
      let map: AffineMap
      if let own = places[region] {
        map = own.map
      } else {
        guard let part = parts.index(at: spot) else { return nil }
        trust = Float(parts.confidence(of: part))
        map = parts.parts[part].map
      }
      place = map(spot) * max(width, height) + SIMD2(width, height) / 2
    }
    guard trust > 0, place.x >= 0, place.y >= 0, place.x < width, place.y < height else { return nil }
    let index = Int(place.y) * picture.width + Int(place.x)
    let isWhole = isGround && background != nil
    if !isWhole {
      let spot = (place - SIMD2(width, height) / 2) / max(width, height)
      if let mask, (mask.values[index] >= Self.inside) == isGround { return nil }
      if isGround, showsFigure(at: spot) { return nil }
      if !isGround, outlines[spot] == true { trust *= Self.outline }
    }
    let start = index * 3
    let color = SIMD3(
      Float(picture.pixels[start]), Float(picture.pixels[start + 1]), Float(picture.pixels[start + 2]))
    return (color, trust)
  }

  /// The place of a pixel's middle in a picture of that size, in the units of ``AffineMap``.
  @inline(__always)
  static func spot(_ x: Int, _ y: Int, _ size: SIMD2<Double>) -> SIMD2<Double> {
    (SIMD2(Double(x) + 0.5, Double(y) + 0.5) - size / 2) / size.max()
  }

  /// Whether what the reference has at a place is figure in the drawing.
  private func showsFigure(at place: SIMD2<Double>) -> Bool {
    guard let back else { return false }
    let own = SIMD2(Double(size.width), Double(size.height))
    let pixel = back(place) * own.max() + own / 2
    guard pixel.x >= 0, pixel.y >= 0, pixel.x < own.x, pixel.y < own.y else { return false }
    return !isGround[Int(labels[Int(pixel.y) * size.width + Int(pixel.x)])]
  }

  /// How far the parts that a region lies in are to be trusted, on average over its pixels.
  private static func trust(_ map: RegionMap, _ parts: AlignedParts) -> [Double] {
    var sums = [Double](repeating: 0, count: map.regions.count)
    var counts = [Int](repeating: 0, count: map.regions.count)
    let own = SIMD2(Double(map.width), Double(map.height))
    for y in 0..<map.height {
      for x in 0..<map.width {
        let spot = Self.spot(x, y, own)
        guard let part = parts.index(at: spot) else { continue }
        let region = Int(map.labels[y * map.width + x])
        sums[region] += parts.confidence(of: part)
        counts[region] += 1
      }
    }
    return zip(sums, counts).map { $1 > 0 ? $0 / Double($1) : 0 }
  }

  /// Without masks, which regions are ground: those that the picture's edges bound, but for those of a figure that is cut
  /// off there. The reference shows more of that, and there it is closed.
  private static func ground(_ map: RegionMap, _ alignment: Alignment, _ pyramid: ColorPyramid) -> [Bool] {
    var isGround = borderShares(map).map { $0 > border }
    guard alignment.confidence > 0, isGround.contains(true) else { return isGround }
    let open = pyramid.openGround
    var counts = [(open: Int, closed: Int)](repeating: (0, 0), count: map.regions.count)
    let own = SIMD2(Double(map.width), Double(map.height))
    for y in 0..<map.height {
      for x in 0..<map.width {
        let region = Int(map.labels[y * map.width + x])
        guard isGround[region] else { continue }
        let spot = Self.spot(x, y, own)
        switch open[alignment.map(spot)] {
        case true?: counts[region].open += 1
        case false?: counts[region].closed += 1
        case nil: break
        }
      }
    }
    for (region, count) in counts.enumerated() where isGround[region] {
      isGround[region] = count.closed <= 4 * count.open
    }
    return isGround
  }

  /// The share of each region's bound that runs along the picture's edge.
  private static func borderShares(_ map: RegionMap) -> [Double] {
    var edge = [Int](repeating: 0, count: map.regions.count)
    for x in 0..<map.width {
      edge[Int(map.labels[x])] += 1
      edge[Int(map.labels[(map.height - 1) * map.width + x])] += 1
    }
    for y in 0..<map.height {
      edge[Int(map.labels[y * map.width])] += 1
      edge[Int(map.labels[y * map.width + map.width - 1])] += 1
    }
    return map.regions.map { region in
      let inner = region.neighbors.reduce(0) { $0 + $1.length }
      return Double(edge[region.id]) / Double(max(1, edge[region.id] + inner))
    }
  }
}
