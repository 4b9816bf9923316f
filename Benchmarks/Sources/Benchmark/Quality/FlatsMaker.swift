// SPDX-License-Identifier: Apache-2.0

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

  /// The flats of a painting in its own colours, without lines.
  func callAsFunction(_ painting: Image) throws -> Image { try Flats(map, painting: painting).image }
}
