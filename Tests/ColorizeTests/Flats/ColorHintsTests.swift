// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

/// Strokes of colour over a drawing.
@Suite struct ColorHintsTests {
  private let pink = RGB(240, 120, 170)
  private let green = RGB(60, 160, 90)

  /// Two boxes on a ground, all of one colour.
  private func flats() throws -> Flats {
    var drawing = Drawing(128, 96)
    drawing.box(x: 10..<60, y: 20..<80)
    drawing.box(x: 70..<120, y: 20..<80)
    let map = try RegionMap(lineArt: drawing.image)
    return try Flats(map, paints: map.regions.map { _ in Flats.Paint(.white) })
  }

  /// Strokes on a transparent ground, `scale` times as large as the drawing.
  private func hints(
    _ strokes: [(x: Range<Int>, y: Range<Int>, color: RGB)], scale: Int = 1, alpha: UInt8 = 255
  ) throws -> Image {
    let (width, height) = (128 * scale, 96 * scale)
    var pixels = [UInt8](repeating: 0, count: width * height * 4)
    for (columns, rows, color) in strokes {
      for y in rows.lowerBound * scale..<rows.upperBound * scale {
        for x in columns.lowerBound * scale..<columns.upperBound * scale {
          let samples = [color.red, color.green, color.blue, alpha]
          pixels.replaceSubrange((y * width + x) * 4..<(y * width + x) * 4 + 4, with: samples)
        }
      }
    }
    return try Image(width: width, height: height, channels: 4, pixels: pixels)
  }

  private func color(_ flats: Flats, _ x: Int, _ y: Int) throws -> RGB {
    flats.paints[try #require(flats.map.region(x: x, y: y)).id].color
  }

  @Test(arguments: [1, 2])
  func regionsTakeTheColorOfTheirStroke(scale: Int) throws {
    var flats = try flats()
    let hints = try hints([(20..<40, 40..<44, pink), (90..<93, 30..<60, green)], scale: scale)
    #expect(try flats.take(hints: hints).count == 2)
    #expect(try color(flats, 30, 70) == pink)
    #expect(try color(flats, 110, 70) == green)
    // No other region changes.
    #expect(try color(flats, 2, 2) == .white)
  }

  /// A stroke that slips over a line speaks for the region that holds most of it; one across two for both.
  @Test func whatSlipsOverALineDoesNoHarm() throws {
    var slipped = try flats()
    try slipped.take(hints: hints([(20..<64, 40..<44, pink)]))
    #expect(try color(slipped, 30, 70) == pink)
    #expect(try color(slipped, 2, 2) == .white)
    var across = try flats()
    try across.take(hints: hints([(30..<100, 40..<44, pink)]))
    #expect(try color(across, 30, 70) == pink)
    #expect(try color(across, 110, 70) == pink)
  }

  @Test func theLargestStrokeCounts() throws {
    var flats = try flats()
    try flats.take(hints: hints([(20..<50, 30..<34, pink), (20..<30, 60..<64, green)]))
    #expect(try color(flats, 40, 50) == pink)
  }

  /// Strokes of little opacity, and those of an airbrush, count.
  @Test(arguments: [UInt8(110), 40]) func faintStrokesCount(alpha: UInt8) throws {
    var faint = try flats()
    #expect(
      try faint.take(hints: hints([(20..<40, 40..<44, pink), (90..<93, 30..<60, green)], alpha: alpha)).count == 2)
    #expect(try color(faint, 30, 70) == pink && color(faint, 110, 70) == green && color(faint, 2, 2) == .white)
    // An airbrush, strongest in its middle, whose skirt lies over the line.
    let pixels = (0..<128 * 96).flatMap { pixel -> [UInt8] in
      let distance = Double((pixel % 128 - 35) * (pixel % 128 - 35) + (pixel / 128 - 50) * (pixel / 128 - 50))
      return [pink.red, pink.green, pink.blue, UInt8(Double(alpha) * exp(-distance / 300))]
    }
    var soft = try flats()
    #expect(try soft.take(hints: Image(width: 128, height: 96, channels: 4, pixels: pixels)).count == 1)
    #expect(try color(soft, 30, 70) == pink)
  }

  /// What is fainter beside a stroke is its edge, whatever its colour: it speaks for no other region.
  @Test func softEdgesAreNoStrokes() throws {
    var pixels = try hints([(20..<58, 40..<44, pink)]).pixels
    // A dark fringe over the line and into the ground.
    for y in 40..<44 {
      for x in 58..<70 { pixels.replaceSubrange((y * 128 + x) * 4..<(y * 128 + x) * 4 + 4, with: [30, 30, 30, 100]) }
    }
    var flats = try flats()
    #expect(try flats.take(hints: Image(width: 128, height: 96, channels: 4, pixels: pixels)).count == 1)
    #expect(try color(flats, 30, 70) == pink && color(flats, 65, 42) == .white)
  }

  @Test func aPaletteGivesItsNearestEntry() throws {
    var flats = try flats()
    let palette = Palette([.init(RGB(250, 130, 180), name: "cheek"), .init(RGB(0, 0, 0))])
    let regions = try flats.take(hints: hints([(20..<40, 40..<44, pink)]), palette: palette)
    let paint = flats.paints[try #require(regions.first)]
    #expect(paint.color == RGB(250, 130, 180) && paint.name == "cheek" && paint.entry == 0 && paint.distance > 0)
  }

  @Test func picturesThatAreNoHintsAreRefused() throws {
    var flats = try flats()
    #expect(throws: FlatsError.self) { try flats.take(hints: Image(width: 128, height: 96, color: [1, 2, 3])) }
    #expect(throws: FlatsError.self) { try flats.take(hints: Image(width: 96, height: 128, color: [1, 2, 3, 0])) }
  }
}
