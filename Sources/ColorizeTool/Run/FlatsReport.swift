// SPDX-License-Identifier: Apache-2.0

import Colorize

/// What flats are made of, for the report.
struct FlatsReport: Encodable {
  /// How many regions there are.
  let regions: Int
  /// The colours, those of the largest area first.
  let colors: [Flats.ColorUse]
  /// The gaps that were closed, the widest first.
  let gaps: [Gap]
  /// The regions that were painted far from every colour of the palette, the largest first.
  let farRegions: [Int]

  init(_ flats: Flats, farDistance: Double) {
    regions = flats.map.regions.count
    colors = flats.colors
    gaps = flats.map.gaps
    farRegions = flats.regions(furtherThan: farDistance)
  }
}

extension ReportOptions {
  /// Notes which regions were painted in a colour that the palette does not have.
  func noteFarRegions(of result: ColorizeResult) {
    let limit = result.summary.settings.flats.farDistance
    for (index, picture) in result.pictures.enumerated() {
      guard let flats = picture.flats else { continue }
      let far = flats.regions(furtherThan: limit)
      guard let first = far.first else { continue }
      let name = result.pictures.count > 1 ? "picture \(index + 1): " : ""
      let place = flats.map.regions[first].center
      note(
        "\(name)\(far.count) of \(flats.map.regions.count) regions were painted further than "
          + "\(Format.decimal(limit, 0)) from every colour of the palette; the largest is at \(place.x), \(place.y)")
    }
  }
}
