// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

@testable import QualityMeasures

/// Four quarters of 32 x 32 pixels each, apart by white seams of four pixels; the upper two are the figure's.
private struct Quarters {
  static let side = 64
  static let colors = [RGB(200, 30, 30), RGB(30, 160, 40), RGB(40, 60, 200), RGB(230, 210, 60)]

  static func number(_ pixel: Int) -> Int {
    let (x, y) = (pixel % side, pixel / side)
    guard abs(x - 32) > 2, abs(y - 32) > 2 else { return 0 }
    return 1 + (x < 32 ? 0 : 1) + (y < 32 ? 0 : 2)
  }

  static func regions() throws -> TruthRegions {
    try TruthRegions(
      Image(width: side, height: side, channels: 1, pixels: (0..<side * side).map { UInt8(number($0)) }),
      figureCount: 2)
  }

  /// A picture of a colour for each pixel.
  static func picture(_ color: (_ pixel: Int, _ number: Int) -> RGB) throws -> Image {
    try Image(
      width: side, height: side, channels: 3,
      pixels: (0..<side * side).flatMap { pixel in
        let color = color(pixel, number(pixel))
        return [color.red, color.green, color.blue]
      })
  }

  static func truth() throws -> Image { try picture { $1 == 0 ? .black : colors[$1 - 1] } }
}

@Suite struct QualityMeasuresTests {
  @Test func `The truth itself is without fault`() throws {
    let (truth, regions) = (try Quarters.truth(), try Quarters.regions())
    let pair = try PairTruth(target: truth, sketch: truth, regions: regions)
    let found = try pair.measures(of: truth)
    #expect(found.figure.share == 1 && found.ground.share == 1)
    #expect(found.figure.medianDifference == 0 && found.figure.regions.count == 2)
    #expect(found.bleed == 0 && found.groundInFigure == 0 && found.figureInGround == 0)
    #expect(found.lines?.f1 == 1)
  }

  @Test func `A region counts by its area and by its median`() throws {
    let (truth, regions) = (try Quarters.truth(), try Quarters.regions())
    let pair = try PairTruth(target: truth, sketch: truth, regions: regions)
    // The second region is wrong; of the first, less than half of the pixels are.
    let picture = try Quarters.picture { pixel, number in
      switch number {
      case 0: .black
      case 1: pixel % 64 < 10 ? .white : Quarters.colors[0]
      case 2: Quarters.colors[2]
      default: Quarters.colors[number - 1]
      }
    }
    let found = try pair.measures(of: picture)
    let areas = regions.areas
    #expect(found.figure.share == Double(areas[1]) / Double(areas[1] + areas[2]))
    #expect(found.ground.share == 1)
    // All of the second region has a colour of the ground; the white of the first is no one's.
    let share = Double(areas[2]) / Double(areas[1] + areas[2])
    // Only every second pixel is looked at.
    #expect(abs((found.groundInFigure ?? 0) - share) < 0.03)
    #expect(found.figureInGround == 0)
  }

  @Test func `A colour that runs over the line is bleeding, and no other is`() throws {
    let (truth, regions) = (try Quarters.truth(), try Quarters.regions())
    let pair = try PairTruth(target: truth, sketch: truth, regions: regions)
    // A strip of the left quarters, three pixels broad, has the right neighbours' colours.
    let over = try Quarters.picture { pixel, number in
      let isStrip = (27..<30).contains(pixel % 64) && (number == 1 || number == 3)
      return number == 0 ? .black : Quarters.colors[number - 1 + (isStrip ? 1 : 0)]
    }
    let bleed = try #require(try pair.measures(of: over).bleed)
    // Of some 8 strips beside the lines two are wrong.
    #expect((0.15...0.35).contains(bleed), "\(bleed)")
    let pale = try Quarters.picture { pixel, number in
      number == 0
        ? .black
        : RGB(
          Quarters.colors[number - 1].red / 2 + 60, Quarters.colors[number - 1].green / 2 + 60,
          Quarters.colors[number - 1].blue / 2 + 60)
    }
    #expect(try pair.measures(of: pale).bleed == 0)
  }

  @Test func `Lines two pixels away match, and lines further away do not`() throws {
    func line(at column: Int) throws -> FoundLines {
      FoundLines(
        try Image(
          width: 40, height: 40, channels: 1, pixels: (0..<1600).map { abs($0 % 40 - column) <= 1 ? 20 : 240 }))
    }
    let drawing = try line(at: 20)
    #expect(drawing.isLine.filter { $0 }.count == 40 + 4, "thinned to one pixel, but at both ends")
    #expect(try line(at: 22).match(drawing)?.f1 == 1)
    #expect(try line(at: 25).match(drawing)?.f1 == 0)
    let both = FoundLines(width: 40, height: 40, isLine: (0..<1600).map { $0 % 40 == 20 || $0 % 40 == 5 })
    let match = try #require(both.match(FoundLines(width: 40, height: 40, isLine: (0..<1600).map { $0 % 40 == 20 })))
    #expect(match.precision == 0.5 && match.recall == 1)
    #expect(drawing.match(FoundLines(width: 40, height: 40, isLine: [Bool](repeating: false, count: 1600))) == nil)
  }

  @Test func `A step from colour to colour is a line where none is drawn`() throws {
    let picture = try Image(
      width: 40, height: 40, channels: 3, pixels: (0..<1600).flatMap { $0 % 40 < 20 ? [250, 90, 90] : [90, 90, 250] })
    let found = FoundLines(picture)
    #expect(found.isLine.contains(true))
    #expect(found.isLine.indices.filter { found.isLine[$0] }.allSatisfy { abs($0 % 40 - 20) <= 2 })
  }

  @Test func `Recolouring keeps greys, moves colours, and is followed or not`() throws {
    let (truth, regions) = (try Quarters.truth(), try Quarters.regions())
    let pair = try PairTruth(target: truth, sketch: truth, regions: regions)
    let shifted = try ColorShift.apply(to: truth)
    let followed = try #require(try pair.following(of: shifted, after: truth).figure)
    #expect(followed.right == 1 && followed.nearer == 1 && followed.kept == 1)
    // Nothing was right before: nothing could be kept.
    #expect(try pair.following(of: shifted, after: shifted).ground?.kept == nil)
    let unmoved = try #require(try pair.following(of: truth, after: truth).ground)
    #expect(unmoved.right == 0 && unmoved.nearer == 0 && unmoved.kept == 0)
    let grey = try Image(width: 2, height: 1, channels: 3, pixels: [0, 0, 0, 77, 77, 77])
    #expect(try ColorShift.apply(to: grey) == grey)
    let plain = try Quarters.picture { _, _ in .white }
    #expect(
      try PairTruth(target: plain, sketch: truth, regions: regions).following(of: plain, after: plain).figure
        == nil)
  }

  @Test func `Baselines take what the reference has`() throws {
    let (truth, regions) = (try Quarters.truth(), try Quarters.regions())
    let mask = try Mask(width: 64, height: 64, values: (0..<4096).map { $0 / 64 < 32 ? 1 : 0 })
    let pair = try PairTruth(target: truth, sketch: truth, regions: regions)
    // The reference is the truth: the nearest place has the right colour.
    let copied = try Baseline.nearestPlace(regions: regions, reference: truth, referenceMask: mask)
    let found = try pair.measures(of: copied)
    #expect(found.figure.share == 1 && found.ground.share == 1)
    let plain = try Quarters.picture { pixel, _ in pixel / 64 < 32 ? RGB(10, 20, 30) : RGB(40, 50, 60) }
    let mean = try Baseline.meanColors(mask: mask, reference: plain, referenceMask: mask)
    #expect(mean == plain)
  }

  @Test(arguments: [1, 2, 3, 7, 100, 1001]) func `The median is that of the sorted values`(count: Int) {
    // A fixed sequence with repeats, of a linear congruential generator.
    var state: UInt32 = 7
    let values = (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Double(state >> 26)
    }
    let sorted = values.sorted()
    #expect(median(values) == (sorted[(count - 1) / 2] + sorted[count / 2]) / 2)
    #expect(median([]) == nil)
  }

  @Test func `Spread is of the sample`() {
    #expect(Spread([]) == nil)
    #expect(Spread([3])?.deviation == nil)
    let spread = Spread([1, 2, 3, 4])
    #expect(spread?.mean == 2.5)
    // The square root of 5 / 3.
    #expect(abs((spread?.deviation ?? 0) - 1.2909944487358056) < 1e-12)
  }

  @Test func `Regions that do not fit are errors`() throws {
    let image = try Image(width: 2, height: 1, channels: 1, pixels: [0, 2])
    #expect(throws: MeasureError.self) { try TruthRegions(image, figureCount: 3) }
    #expect(throws: MeasureError.self) {
      try TruthRegions(Image(width: 1, height: 1, channels: 3, pixels: [1, 1, 1]), figureCount: 0)
    }
    let regions = try TruthRegions(image, figureCount: 1)
    #expect(regions.areas == [1, 0, 1])
    #expect(throws: MeasureError.self) {
      try regions.medians(of: LabPicture(Image(width: 1, height: 1, channels: 1, pixels: [0])))
    }
  }
}
