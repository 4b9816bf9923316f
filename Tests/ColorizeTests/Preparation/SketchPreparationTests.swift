// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing
import TestSupport

/// Drawings as people have them, and what the network is to see of them.
@Suite struct SketchPreparationTests {
  private static func sketch(_ name: String) throws -> Image {
    try Image.load((Bundle.module.resourcePath ?? "") + "/Fixtures/sketches/\(name).png")
  }

  private func prepared(_ image: Image, _ preparation: SketchPreparation = .automatic) throws -> PreparedSketch {
    try image.prepared(preparation, width: 256, height: 256)
  }

  /// The share of the ink of one picture that has ink within a pixel in the other, from 0 to 1.
  private func coverage(of ink: Image, by other: Image) -> Double {
    let width = ink.width
    var (found, total) = (0, 0)
    for index in ink.pixels.indices where ink.pixels[index] < 100 {
      total += 1
      let (x, y) = (index % width, index / width)
      let isNear = (-1...1).contains { dy in
        (-1...1).contains { dx in
          guard (0..<width).contains(x + dx), (0..<ink.height).contains(y + dy) else { return false }
          return other.pixels[(y + dy) * width + x + dx] < 128
        }
      }
      if isNear { found += 1 }
    }
    return total == 0 ? 0 : Double(found) / Double(total)
  }

  /// Both pictures have the same lines, but for their weight and what is lost in grain.
  private func expectSameLines(_ one: Image, _ other: Image, _ location: SourceLocation = #_sourceLocation) {
    #expect(coverage(of: one, by: other) > 0.97, sourceLocation: location)
    #expect(coverage(of: other, by: one) > 0.97, sourceLocation: location)
  }

  @Test(arguments: ["sketch", "fig256"])
  func cleanLineArtStaysAsItIs(name: String) throws {
    let image = try Self.sketch(name)
    let made = try prepared(image)
    #expect(made.report.kind == .lines && made.report.steps.isEmpty)
    #expect(made.image == image)
    #expect(try prepared(image, .asIs).image == image)
    #expect(made.report.paper == .white && made.report.polarity == .darkOnLight)
    let width = try #require(made.report.lineWidth)
    #expect((1.2...2.6).contains(width))
  }

  /// Lines of an icon are broad and soft where it grows; it is no blank sheet, and a blank one is no drawing.
  @Test(arguments: [32, 48])
  func drawingsOfFewPixels(side: Int) throws {
    let small = try Self.sketch("fig256").resized(width: side, height: side)
    let made = try small.prepared(width: 256, height: 256)
    #expect(made.report.kind == .lines, "\(made.report)")
    let outline = try Image(
      width: side, height: side, channels: 1,
      pixels: (0..<side * side).map { index in
        let (x, y) = (Double(index % side) - Double(side) / 2, Double(index / side) - Double(side) / 2)
        return abs((x * x + y * y).squareRoot() - Double(side) / 3) < 0.7 ? 0 : 255
      })
    #expect(try outline.prepared(width: 256, height: 256).report.kind == .lines)
    let blank = try Image(width: side, height: side, channels: 1, pixels: [UInt8](repeating: 255, count: side * side))
    #expect(try blank.prepared(width: 256, height: 256).report.kind == .blank)
  }

  @Test func cleanLineArtIsOnlyScaled() throws {
    let image = try Sample.sketch()
    let made = try image.prepared(width: 200, height: 200)
    #expect(made.report.steps.isEmpty)
    #expect(made.image == (try image.resized(width: 200, height: 200)))
  }

  @Test(arguments: ["sketch-pencil-flat", "sketch-pencil-scan", "sketch-pink"])
  func paperBecomesWhiteAndInkBlack(name: String) throws {
    let clean = try Self.sketch("sketch")
    let made = try prepared(Self.sketch(name))
    expectSameLines(made.image, clean)
    let sorted = made.image.pixels.sorted()
    // As in the clean drawing: ink is a twentieth of the sheet, and paper most of it.
    #expect(sorted[sorted.count / 100] < 30)
    #expect(sorted[sorted.count / 5] == 255)
    #expect(made.report.visibility < 0.4 && made.report.preparedVisibility > 0.9)
    #expect(made.report.steps.contains(.strengthenedLines))
    let plain = try prepared(Self.sketch(name), .asIs)
    #expect(plain.report.steps.isEmpty && plain.report.preparedVisibility == plain.report.visibility)
  }

  @Test func stepsSayWhatWasDone() throws {
    #expect(try prepared(Self.sketch("sketch-pencil-flat")).report.steps == [.whitenedPaper, .strengthenedLines])
    #expect(
      try prepared(Self.sketch("sketch-pencil-scan")).report.steps
        == [.levelledPaper, .strengthenedLines, .removedGrain])
    let pink = try prepared(Self.sketch("sketch-pink")).report
    #expect(pink.steps == [.darkenedColors, .strengthenedLines])
    #expect(pink.paper == .white)
    #expect("\(pink)".contains("coloured lines made dark"))
  }

  @Test(arguments: ["fig1024-2px", "fig2048-2px"])
  func thinLinesSurviveShrinking(name: String) throws {
    let large = try Self.sketch(name)
    let made = try prepared(large)
    let small = try Self.sketch("fig256")
    expectSameLines(made.image, small)
    #expect(made.report.steps == [.strengthenedLines])
    let width = try #require(made.report.lineWidth)
    #expect((1.6...2.6).contains(width))
    #expect(made.report.inkStrength > 0.9)
    // Only scaled, they were grey at best.
    let plain = try prepared(large, .asIs).image
    #expect((plain.pixels.min() ?? 0) > (name == "fig1024-2px" ? 40 : 120))
  }

  /// Lines in all directions, a pixel wide, of a colour on a colour.
  private func drawing(
    side: Int = 256, channels: Int = 3, lines: @escaping (_ x: Int, _ y: Int) -> Bool,
    _ pixel: (_ isLine: Bool, _ x: Int, _ y: Int) -> [UInt8]
  ) throws -> Image {
    let pixels = (0..<side).flatMap { y in (0..<side).flatMap { x in pixel(lines(x, y), x, y) } }
    return try Image(width: side, height: side, channels: channels, pixels: pixels)
  }

  private func frames(_ x: Int, _ y: Int) -> Bool {
    let (u, v) = (abs(x - 128), abs(y - 128))
    return max(u, v) % 40 == 20 || max(u, v) % 40 == 21 || (u + v) % 64 < 2
  }

  @Test func blueLinesOnYellowPaperInShadow() throws {
    let clean = try drawing(channels: 1, lines: frames) { isLine, _, _ in [isLine ? 0 : 255] }
    let photo = try drawing(lines: frames) { isLine, x, y in
      let light = 1 - 0.45 * Double(x) / 255
      let color = isLine ? (150.0, 190.0, 185.0) : (250.0, 240.0, 195.0)
      return [UInt8(color.0 * light), UInt8(color.1 * light), UInt8(color.2 * light)]
    }
    let made = try prepared(photo)
    #expect(made.report.steps.first == .levelledPaper)
    expectSameLines(made.image, clean)
  }

  @Test func semiTransparentLines() throws {
    let clean = try drawing(channels: 1, lines: frames) { isLine, _, _ in [isLine ? 0 : 255] }
    for color: [UInt8] in [[0, 0, 0, 60], [255, 110, 140, 150], [90, 140, 255, 200]] {
      let image = try drawing(channels: 4, lines: frames) { isLine, _, _ in isLine ? color : [0, 0, 0, 0] }
      let made = try prepared(image)
      #expect(made.report.polarity == .darkOnLight, "\(color)")
      expectSameLines(made.image, clean)
    }
  }

  @Test func faintChalk() throws {
    let clean = try drawing(channels: 1, lines: frames) { isLine, _, _ in [isLine ? 0 : 255] }
    let board = try drawing(lines: frames) { isLine, _, _ in isLine ? [110, 125, 118] : [40, 62, 52] }
    let made = try prepared(board)
    #expect(made.report.polarity == .lightOnDark && made.report.paper == RGB(40, 62, 52))
    expectSameLines(made.image, clean)
  }

  @Test func shownIsWhatIsSeen() throws {
    // What was prepared is clean line art, or nearly: preparing it again changes no line.
    for name in ["sketch-pencil-flat", "fig1024-2px"] {
      let once = try prepared(Self.sketch(name)).image
      #expect(try prepared(once).report.steps.isEmpty, "\(name)")
    }
  }

  @Test func blankSheetsAndPaintingsAreLeftAlone() throws {
    for color: [UInt8] in [[255], [128], [0], [250, 240, 200], [255, 255, 255, 0]] {
      let sheet = try Image(width: 64, height: 64, color: color)
      let made = try prepared(sheet)
      #expect(made.report.kind == .blank && made.report.steps.isEmpty && made.report.lineWidth == nil)
    }
    var random = SplitMix64(state: 3)
    let grain = try Image(
      width: 256, height: 256, channels: 1,
      pixels: (0..<65_536).map { _ in 190 + UInt8.random(in: 0...30, using: &random) })
    #expect(try prepared(grain).report.kind == .blank)
    let painting = try Self.sketch("painting")
    let made = try prepared(painting)
    #expect(made.report.kind == .painting && made.report.steps.isEmpty)
    #expect(made.image == painting.grey)
  }

  @Test func smallestSheets() throws {
    for (width, height) in [(1, 1), (1, 300), (300, 1), (3, 2)] {
      let image = try Image(width: width, height: height, color: [90, 120, 200])
      let made = try image.prepared(width: 64, height: 64)
      #expect(made.image.width == 64)
    }
  }

  @Test func linesAreFoundByTheirShape() throws {
    let night = try prepared(Self.sketch("night-bleed"))
    #expect(night.report.polarity == .darkOnLight)
    #expect(night.report.polarityCertainty < 0.3)
    #expect(try Self.sketch("night-bleed").detectedPolarity == .darkOnLight)
    // A white figure with white lines on black stays what it is.
    let board = try drawing(channels: 1, lines: frames) { isLine, _, _ in [isLine ? 255 : 0] }
    let found = try prepared(board).report
    #expect(found.polarity == .lightOnDark && found.polarityCertainty > 0.6)
    let given = try board.prepared(polarity: .darkOnLight, width: 256, height: 256).report
    #expect(given.polarity == .darkOnLight && given.polarityCertainty == 1)
  }

  @Test func reportsAreCoded() throws {
    let report = try prepared(Self.sketch("sketch-pink")).report
    #expect(try JSONDecoder().decode(SketchReport.self, from: JSONEncoder().encode(report)) == report)
  }
}
