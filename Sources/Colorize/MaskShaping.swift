// SPDX-License-Identifier: Apache-2.0

/// How masks are made wider, narrower, softer or harder before they are used.
///
/// In this order: the mask is cut at ``threshold``, its outline is moved by ``grow``, and feathered by ``feather``. Lengths
/// are in pixels of the picture that the mask belongs to, whatever the mask's own size.
public struct MaskShaping: Sendable, Hashable, Codable {
  /// Values from it on are figure, the others ground, 0...1. Nil leaves a mask soft, if it is neither grown nor feathered,
  /// and cuts it at 0.5 otherwise.
  public var threshold: Float?
  /// How far the outline moves outwards, -1000...1000 pixels: a negative length takes from the figure.
  public var grow: Double
  /// How wide the ramp from ground to figure is, 0...1000 pixels, half of it to each side of the outline; 0 for a hard edge.
  public var feather: Double

  /// What leaves masks as they are, or what is named.
  public init(threshold: Float? = nil, grow: Double = 0, feather: Double = 0) {
    self.threshold = threshold
    self.grow = grow
    self.feather = feather
  }

  /// Decodes an object of these properties; what is missing is as in ``init(threshold:grow:feather:)``.
  public init(from decoder: any Decoder) throws {
    self.init()
    let values = try decoder.container(keyedBy: CodingKeys.self)
    threshold = try values.decodeIfPresent(Float.self, forKey: .threshold)
    grow = try values.decodeIfPresent(Double.self, forKey: .grow) ?? grow
    feather = try values.decodeIfPresent(Double.self, forKey: .feather) ?? feather
  }

  /// Whether any mask may change.
  public var changesMasks: Bool { threshold != nil || grow != 0 || feather != 0 }

  /// Checks the numbers.
  ///
  /// - Throws: ``ColorizeError/invalidOption(_:value:expected:)``.
  public func validate() throws {
    if let threshold { try ColorizeSettings.check(threshold, .maskThreshold, in: 0...1) }
    try ColorizeSettings.check(grow, .maskGrow, in: -1000...1000)
    try ColorizeSettings.check(feather, .maskFeather, in: 0...1000)
  }
}

extension Mask {
  /// The mask wider, narrower, softer or harder.
  ///
  /// With d the distance of a pixel's middle from the outline of the mask that was cut, positive outside: figure is where
  /// `d < grow`, and with a feather the value is `1/2 - (d - grow) / feather`, cut to 0...1. Distances are Euclidean and
  /// exact to an eighth of a pixel; the picture's border is no outline.
  ///
  /// - Parameters:
  ///   - shaping: Numbers out of their ranges are taken for the nearest that is allowed.
  ///   - picture: The size that lengths are meant in; nil for the mask's own.
  public func shaped(_ shaping: MaskShaping, for picture: ImageSize? = nil) -> Mask {
    guard shaping.changesMasks else { return self }
    let threshold = min(max(shaping.threshold ?? 0.5, 0), 1)
    // A threshold of 0 is not for everything to be figure: what has no share at all is ground.
    let cut = values.map { value -> UInt8 in value >= threshold && value > 0 ? 1 : 0 }
    let scale = picture.map { Double(width) / Double($0.width) } ?? 1
    let grow = Float((shaping.grow.isNaN ? 0 : min(max(shaping.grow, -1000), 1000)) * scale)
    let feather = Float((shaping.feather.isNaN ? 0 : min(max(shaping.feather, 0), 1000)) * scale)
    guard grow != 0 || feather > 0 else { return with(cut.map(Float.init)) }
    // Nothing and everything have no outline.
    guard let first = cut.first, cut.contains(where: { $0 != first }) else { return with(cut.map(Float.init)) }
    let unit = Float(DistanceField.unit)
    let outside = DistanceField(cut, width: width, height: height, marked: 1, hasWall: false).values
    let inside = DistanceField(cut, width: width, height: height, marked: 0, hasWall: false).values
    return with(
      cut.indices.map { pixel in
        // The outline lies half a pixel before the first pixel on its other side.
        let distance =
          cut[pixel] == 0 ? Float(outside[pixel]) / unit - 0.5 : 0.5 - Float(inside[pixel]) / unit
        guard feather > 0 else { return distance < grow ? 1 : 0 }
        return min(max(0.5 - (distance - grow) / feather, 0), 1)
      })
  }
}

extension ColorizeRequest {
  /// The request with the masks that its settings make of those that are given. A reference that is encoded has its own.
  func withShapedMasks() -> ColorizeRequest {
    guard let shaping = settings.maskShaping, shaping.changesMasks else { return self }
    var request = self
    if settings.mode.needsSketchMask { request.sketchMask = sketchMask?.shaped(shaping, for: sketch.size) }
    guard settings.mode.needsBackground else { return request }
    request.referenceMask = referenceMask?.shaped(shaping, for: reference.picture?.size)
    request.furtherReferences = furtherReferences.map { placed in
      var placed = placed
      placed.mask = placed.mask?.shaped(shaping, for: placed.reference.picture?.size)
      return placed
    }
    return request
  }
}
