// SPDX-License-Identifier: Apache-2.0

import Colorize

/// Everything that is measured of one picture against its truth.
public struct PictureMeasures: Sendable, Codable {
  /// The figure's regions.
  public var figure: RegionColors
  /// The ground's.
  public var ground: RegionColors
  /// See ``Bleed``.
  public var bleed: Double?
  /// The lines beside the sketch's.
  public var lines: FoundLines.Match?
  /// The share of the figure that looks like the ground, see ``Spill``.
  public var groundInFigure: Double?
  /// The share of the ground that looks like the figure.
  public var figureInGround: Double?
}

/// What pictures of one pair are compared with, worked out once.
public struct PairTruth: Sendable {
  /// The regions of the truth.
  public let regions: TruthRegions
  /// Their colours, each at its number.
  public let medians: [Lab]
  /// Their colours once the reference's are changed by ``ColorShift``.
  public let shifted: [Lab]
  private let picture: LabPicture
  private let sketch: FoundLines

  public init(target: Image, sketch: Image, regions: TruthRegions) throws {
    self.regions = regions
    picture = LabPicture(target)
    medians = try regions.medians(of: picture)
    shifted = try regions.medians(of: LabPicture(ColorShift.apply(to: target)))
    self.sketch = FoundLines(sketch)
  }

  /// Measures a picture of the truth's size.
  ///
  /// - Parameter hasLines: whether it has lines to be measured; flats have none.
  public func measures(of image: Image, hasLines: Bool = true) throws -> PictureMeasures {
    let lab = LabPicture(image)
    let found = try regions.medians(of: lab)
    return PictureMeasures(
      figure: RegionColors(.figure, of: regions, medians: found, wanted: medians),
      ground: RegionColors(.ground, of: regions, medians: found, wanted: medians),
      bleed: Bleed.share(of: lab, truth: picture, regions: regions, medians: medians),
      lines: hasLines ? FoundLines(image).match(sketch) : nil,
      groundInFigure: Spill.share(into: .figure, of: lab, regions: regions, medians: medians),
      figureInGround: Spill.share(into: .ground, of: lab, regions: regions, medians: medians))
  }

  /// Whether a picture that was made after the recoloured reference has its colours; nil where nothing had to change.
  ///
  /// - Parameter first: the picture that was made after the reference itself.
  public func following(
    of image: Image, after first: Image
  ) throws -> (figure: ColorFollowing?, ground: ColorFollowing?) {
    let (found, before) = (try regions.medians(of: LabPicture(image)), try regions.medians(of: LabPicture(first)))
    func on(_ side: TruthRegions.Side) -> ColorFollowing? {
      ColorFollowing(side, of: regions, medians: found, before: before, old: medians, new: shifted)
    }
    return (on(.figure), on(.ground))
  }
}
