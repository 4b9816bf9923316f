// SPDX-License-Identifier: Apache-2.0

/// The reference's colours at the places that a drawing's regions have in it: a second vote beside the painting's.
///
/// Regions of the figure look where the alignment of drawing and reference leads. The ground does not follow a figure that
/// moves: its regions look at the same place of the picture.
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
  private let reference: Image
  private let mask: Mask?
  private let background: Image?
  /// For each region how much of its vote is carried, 0...1, and whether it belongs to the ground.
  private let weights: [Double]
  private let isGround: [Bool]
  /// From pixels of the drawing to its places, in units of its longer side.
  private let size: ImageSize

  /// The figure's weight where the alignment is sure, and the ground's.
  private static let most = (figure: 0.9, ground: 0.55)
  /// Without masks, a region is ground that has more of its bound on the picture's edge than this.
  private static let border = 0.15
  /// Mask values from here on are the figure's.
  private static let inside: Float = 0.3
  /// Where less of a region than this is seen in the reference, nothing is carried.
  static let leastSeen = 0.15

  /// - Parameters:
  ///   - lines: the drawing's, of the size of `map`.
  ///   - masks: where the figure is in the drawing and in the reference; nil where that is not known of both.
  init(_ map: RegionMap, lines: LineMask, _ source: Source) throws {
    let alignment = try Alignment(lines, source.reference)
    let confidence = alignment.confidence
    self.alignment = alignment
    reference = source.reference.picture
    mask = try source.mask?.resized(width: reference.width, height: reference.height)
    background = source.background?.composited()
    size = ImageSize(width: map.width, height: map.height)
    isGround =
      if let sketchMask = source.sketchMask {
        PaletteSides.figureShares(map, mask: sketchMask).map { $0 <= 0.5 }
      } else {
        Self.borderShares(map).map { $0 > Self.border }
      }
    // Where both grounds are known they have the same place. Else only a view of the same figure says so.
    let isKnown = source.sketchMask != nil && (source.mask != nil || source.background != nil)
    weights = isGround.map { $0 ? Self.most.ground * (isKnown ? 1 : confidence) : Self.most.figure * confidence }
  }

  /// How much of a region's vote is carried.
  func weight(of region: Int) -> Double { weights[region] }

  /// The reference's colour for a pixel of a region; nil where the reference does not show it.
  func color(x: Int, y: Int, region: Int) -> SIMD3<Float>? {
    guard weights[region] > 0 else { return nil }
    let isGround = isGround[region]
    let picture = isGround ? background ?? reference : reference
    let (width, height) = (Double(picture.width), Double(picture.height))
    let (own, center) = (SIMD2(Double(size.width), Double(size.height)), SIMD2(Double(x) + 0.5, Double(y) + 0.5))
    let place =
      isGround
      ? center / own * SIMD2(width, height)
      : alignment.map((center - own / 2) / own.max()) * max(width, height) + SIMD2(width, height) / 2
    guard place.x >= 0, place.y >= 0, place.x < width, place.y < height else { return nil }
    let pixel = Int(place.y) * picture.width + Int(place.x)
    let isWhole = isGround && background != nil
    if !isWhole, let mask, (mask.values[pixel] >= Self.inside) == isGround { return nil }
    let start = pixel * 3
    return SIMD3(Float(picture.pixels[start]), Float(picture.pixels[start + 1]), Float(picture.pixels[start + 2]))
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
