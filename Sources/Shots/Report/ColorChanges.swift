// SPDX-License-Identifier: Apache-2.0

import Colorize

/// Regions that are the same thing in two frames and have different colours.
struct ColorChanges: Sendable {
  struct Change: Sendable {
    /// The region in the later frame.
    let region: Region
    let before: RGB
    let after: RGB
    /// CIEDE2000.
    let difference: Double
  }

  /// The largest area first.
  let changes: [Change]
  /// Regions of the later frame that were found in the earlier one.
  let matchCount: Int
  /// The later frame's regions.
  let map: RegionMap

  /// What a person takes for the same colour, side by side.
  private static let tolerance = 4.0
  /// Links that are less sure are no reason to bother anybody.
  private static let sureness: Float = 0.5

  init(from before: FrameColors, to after: FrameColors) {
    var matcher = RegionMatcher(before.shapes, after.shapes)
    let links = matcher.links().filter { $0.weight >= Self.sureness }
    matchCount = links.count
    map = after.shapes.map
    changes = links.compactMap { link in
      guard let one = before.colors[link.first], let other = after.colors[link.second], one != other else { return nil }
      let difference = Lab(one).difference(to: Lab(other))
      guard difference > Self.tolerance else { return nil }
      return Change(region: after.shapes.map.regions[link.second], before: one, after: other, difference: difference)
    }.sorted { ($1.region.area, $0.region.id) < ($0.region.area, $1.region.id) }
  }

  /// The share of the picture whose colour has changed.
  var share: Double {
    Double(changes.reduce(0) { $0 + $1.region.area }) / Double(max(1, map.width * map.height))
  }
}

/// The regions of a finished frame with the colours that they have in its picture.
struct FrameColors: Sendable {
  let shapes: RegionShapes
  /// Nil for regions that lines hide.
  let colors: [RGB?]
  let picture: Image

  /// - Throws: ``ImageError``, `FlatsError`, `CancellationError`.
  init(_ frame: ShotFrame) throws {
    picture = try Image.load(frame.output).composited()
    let sketch = try Image.load(frame.sketch)
    let settings = frame.settings
    let map = try RegionMap(
      lineArt: sketch, options: settings.flats.regionOptions(polarity: settings.polarity, guides: settings.guides))
    shapes = RegionShapes(map)
    let ink = try settings.withoutGuides(sketch).ink(polarity: settings.polarity)
    colors = try ApprovedFrames.colors(of: picture, in: map, ink: ink)
  }
}
