// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing
import TestSupport

/// Sheets as scanners and cameras see them. The right lines are known, as they are drawn by code and then spoilt.
@Suite struct SheetTests {
  private static let side = 512

  /// Frames and diagonals, two pixels wide, clear of the border.
  private static func isLine(_ x: Int, _ y: Int) -> Bool {
    let (u, v) = (abs(x - 256), abs(y - 256))
    guard max(u, v) < 200 else { return false }
    return max(u, v) % 64 / 2 == 16 || (u + v) % 110 / 2 == 20
  }

  /// A picture of `light` of 0...1 at each pixel.
  private func sheet(_ light: (_ x: Int, _ y: Int) -> [Double]) throws -> Image {
    let side = Self.side
    let pixels = (0..<side * side).flatMap { light($0 % side, $0 / side) }
    return try Image(
      width: side, height: side, channels: pixels.count / (side * side),
      pixels: pixels.map { UInt8(min(max($0 * 255, 0), 255)) })
  }

  private func prepared(_ image: Image) throws -> PreparedSketch { try image.prepared(width: 256, height: 256) }

  private func ink(_ x: Int, _ y: Int) -> Double { Self.isLine(x, y) ? 0.1 : 0.92 }

  /// Lines are black where they were drawn, and elsewhere the sheet is at least so light.
  private func expectLines(
    _ image: Image, lighter level: UInt8 = 200, _ location: SourceLocation = #_sourceLocation
  ) {
    var (lines, found, stains) = (0, 0, 0)
    for y in 0..<256 {
      for x in 0..<256 {
        let value = image.pixels[y * 256 + x]
        let isDrawn = (-1...2).contains { dy in (-1...2).contains { dx in Self.isLine(2 * x + dx, 2 * y + dy) } }
        if Self.isLine(2 * x, 2 * y), Self.isLine(2 * x + 1, 2 * y + 1) {
          lines += 1
          if value < 110 { found += 1 }
        } else if !isDrawn, value < level {
          stains += 1
        }
      }
    }
    #expect(lines > 900 && found * 100 > lines * 97, "\(found) of \(lines)", sourceLocation: location)
    // Two in a thousand pixels of the sheet, as grain may leave specks.
    #expect(stains < 130, "\(stains) stains", sourceLocation: location)
  }

  @Test func shadowsAtTheBorder() throws {
    let vignette = try sheet { x, y in
      let (u, v) = (Double(x - 256) / 512, Double(y - 256) / 512)
      return [ink(x, y) * (1 - (u * u + v * v))]
    }
    let lid = try sheet { x, y in [ink(x, y) * min(0.35 + Double(x) / 60, 1)] }
    for made in [try prepared(vignette), try prepared(lid)] {
      #expect(made.report.kind == .lines && made.report.steps.contains(.levelledPaper))
      expectLines(made.image)
    }
  }

  @Test func theFoldOfABook() throws {
    let book = try sheet { x, y in [ink(x, y) * (1 - 0.6 * exp(-pow(Double(x - 20) / 16, 2)))] }
    expectLines(try prepared(book).image, lighter: 160)
  }

  /// A photograph of it on a wooden desk, in uneven light.
  private func onADesk() throws -> Image {
    try sheet { x, y in
      let light = 1 - 0.3 * Double(x) / 512
      let isSheet = (36..<480).contains(x) && (30..<470).contains(y)
      let wood = 0.9 + 0.1 * sin(Double(x) / 7 + sin(Double(y) / 31))
      return isSheet
        ? [ink(x, y) * light, ink(x, y) * light * 0.98, ink(x, y) * light * 0.92]
        : [0.42 * wood * light, 0.27 * wood * light, 0.16 * wood * light]
    }
  }

  @Test func whatIsOutsideOfTheSheet() throws {
    // A scanner's black lid around a sheet that lies askew, or along two sides.
    let askew = try sheet { x, y in
      let (u, v) = (Double(x - 256) + 0.06 * Double(y - 256), Double(y - 256) - 0.06 * Double(x - 256))
      return [max(abs(u), abs(v)) < 242 ? ink(x, y) : 0.03]
    }
    let strips = try sheet { x, y in [x < 6 || y > 490 ? 0.03 : ink(x, y)] }
    for image in [askew, strips, try onADesk()] {
      let made = try prepared(image)
      #expect(made.report.kind == .lines && made.report.polarity == .darkOnLight)
      #expect(made.report.steps.contains(.leftOutSurroundings))
      expectLines(made.image)
    }
  }

  @Test func aBlackBackgroundIsDrawn() throws {
    // A disc of paper is no sheet: the black around it has a drawn, round border, and that of a star is not even convex.
    let night = try sheet { x, y in
      let (u, v) = (Double(x - 256), Double(y - 256))
      let radius = (u * u + v * v).squareRoot()
      return [radius < 200 + 40 * sin(5 * atan2(v, u)) ? ink(x, y) : 0.02]
    }
    let made = try night.prepared(polarity: .darkOnLight, width: 256, height: 256)
    #expect(!made.report.steps.contains(.leftOutSurroundings))
    #expect(made.image.pixels[2 * 256 + 2] < 60)
  }

  private func onRuledPaper() throws -> Image {
    try sheet { x, y in
      if Self.isLine(x, y) { return [0.1, 0.1, 0.1] }
      return x % 16 < 2 || y % 16 < 2 ? [0.7, 0.83, 0.95] : [0.95, 0.95, 0.95]
    }
  }

  @Test func rulesAndBluePencilBeneathInk() throws {
    let made = try prepared(try onRuledPaper())
    #expect(made.report.steps.contains(.leftOutBlue))
    expectLines(made.image, lighter: 230)
    // Without ink over it the blue is the drawing, and pale lines of other colours are drawn as well.
    let blue = try sheet { x, y in Self.isLine(x, y) ? [0.7, 0.83, 0.95] : [0.95, 0.95, 0.95] }
    #expect(try !prepared(blue).report.steps.contains(.leftOutBlue))
    expectLines(try prepared(blue).image)
    let pink = try sheet { x, y in
      Self.isLine(x, y) ? (x < 256 ? [1, 0.5, 0.6] : [0.1, 0.1, 0.1]) : [0.95, 0.95, 0.95]
    }
    #expect(try !prepared(pink).report.steps.contains(.leftOutBlue))
  }

  /// Regions, and the lines over them, are those of the drawing: no rule bounds a region, and no desk is one.
  @Test func regionsAreThoseOfTheDrawing() throws {
    let model = try Model.embedded()
    func regions(_ sketch: Image) throws -> Int {
      try ColorizeRequest(sketch: sketch, reference: .image(sketch)).regionMap(for: model).regions.count
    }
    let clean = try regions(try sheet { x, y in [Self.isLine(x, y) ? 0 : 1] })
    #expect(clean > 20)
    #expect(try regions(onADesk()) == clean)
    #expect(try regions(onRuledPaper()) == clean)
  }

  @Test func thePaperDoesNotBecomeAsBlackAsTheLines() throws {
    // The other side shines through, broad and at a fifth of the ink's strength, under lines of which shrinking to an
    // eighth of the area leaves as little.
    let side = 1024
    let pixels = (0..<side * side).map { index -> UInt8 in
      let (x, y) = (index % side, index / side)
      let isLine = (x % 128 == 60 || y % 128 == 60) && (60...960).contains(x) && (60...960).contains(y)
      let shines = (x + y) % 170 < 24
      return isLine ? 20 : shines ? 196 : 240
    }
    let made = try Image(width: side, height: side, channels: 1, pixels: pixels).prepared(width: 256, height: 256)
    #expect(made.report.steps.contains(.strengthenedLines))
    for y in 20..<230 where y % 32 == 24 {
      for x in 20..<230 {
        let place = (4 * x + 4 * y) % 170
        // The line at 60 + 128 n, and the middle of a stripe away from all lines.
        if x % 32 == 15 { #expect(made.image.pixels[y * 256 + x] < 60) }
        if (19..<28).contains(x % 32), (6..<16).contains(place) {
          #expect(made.image.pixels[y * 256 + x] > 200, "\(x), \(y)")
        }
      }
    }
  }

  @Test func broadLinesAreLines() throws {
    // As with a marker: 22 of 512 pixels, 11 at the working size.
    let marker = try sheet { x, y in
      let (u, v) = (abs(x - 256), abs(y - 256))
      return [(abs(max(u, v) - 180) < 11 || abs(u + v - 120) < 11) ? 0 : 1]
    }
    let made = try prepared(marker)
    #expect(made.report.kind == .lines && made.report.steps.isEmpty && made.report.visibility > 0.9)
    #expect(made.image == (try marker.resized(width: 256, height: 256)))
  }

  @Test func coloredAreasArePainted() throws {
    func cel(_ fill: [Double]) throws -> SketchReport.Kind {
      try prepared(
        sheet { x, y in
          if Self.isLine(x, y) { return [0, 0, 0] }
          return abs(x - 256) + abs(y - 256) < 150 ? fill : [1, 1, 1]
        }
      ).report.kind
    }
    #expect(try cel([0.9, 0.3, 0.2]) == .painting)
    #expect(try cel([0.2, 0.4, 0.9]) == .painting)
    #expect(try cel([1, 0.95, 0.6]) == .painting)
    // Without colour it is a drawing with tones.
    #expect(try cel([0.6, 0.6, 0.6]) == .lines)
  }

  @Test func noiseHasNoLines() throws {
    var random = SplitMix64(state: 7)
    let noise = try sheet { _, _ in [Double(UInt8.random(in: 0...255, using: &random)) / 255] }
    #expect(try prepared(noise).report.kind != .lines)
  }

  @Test func hatchingIsDrawnInDark() throws {
    let hatched = try sheet { x, y in
      Self.isLine(x, y) ? [0] : [(x + y) % 14 < 4 && x > 256 && max(abs(x - 256), abs(y - 256)) < 200 ? 0.3 : 1]
    }
    let report = try prepared(hatched).report
    #expect(report.polarity == .darkOnLight && report.polarityCertainty >= 0.3)
  }

  @Test func whiteLinesOnGreyPaper() throws {
    let report = try prepared(sheet { x, y in [Self.isLine(x, y) ? 0.95 : 0.5] }).report
    #expect(report.polarity == .lightOnDark)
    #expect(try prepared(sheet { x, y in [Self.isLine(x, y) ? 0.08 : 0.5] }).report.polarity == .darkOnLight)
  }

  // MARK: The drawing in its own pixels

  /// What is laid over the flats is ink on white: no shadow of the paper is left beside it.
  @Test func levelledPaperIsWhiteInTheDrawingToo() throws {
    var random = SplitMix64(state: 3)
    let uneven = try [
      sheet { x, y in
        let (u, v) = (Double(x - 256) / 512, Double(y - 256) / 512)
        return [ink(x, y) * (1 - (u * u + v * v))]
      }, sheet { x, y in [ink(x, y) * min(0.35 + Double(x) / 60, 1)] },
      // With grain, of a photograph.
      sheet { x, y in
        let light = (1 - 0.0009 * Double(x)) + Double(Int.random(in: -6...6, using: &random)) / 255
        return [ink(x, y) * light, ink(x, y) * light * 0.97, ink(x, y) * light * 0.9]
      },
    ]
    for image in uneven {
      let made = try prepared(image)
      #expect(made.report.steps.contains(.levelledPaper))
      let drawing = image.sheet(made)
      #expect(drawing.size == image.size)
      let channels = drawing.channels
      var (paper, white, lines, dark) = (0, 0, 0, 0)
      for y in 0..<Self.side {
        for x in 0..<Self.side {
          let value = drawing.pixels[(y * Self.side + x) * channels..<(y * Self.side + x + 1) * channels].min() ?? 0
          if Self.isLine(x, y) {
            lines += 1
            if value < 60 { dark += 1 }
          } else {
            paper += 1
            if value > 245 { white += 1 }
          }
        }
      }
      #expect(white * 1000 > paper * 995, "\(paper - white) of \(paper) pixels of paper")
      #expect(dark * 100 > lines * 97, "\(lines - dark) of \(lines) pixels of line")
    }
  }

  /// Clean line art is the drawing itself.
  @Test func cleanDrawingsAreTheirOwnSheet() throws {
    let clean = try sheet { x, y in [Self.isLine(x, y) ? 0 : 1] }
    #expect(clean.sheet(try prepared(clean)) == clean)
  }

  // MARK: What is drawn in black along the border

  @Test func blackFramesAreDrawn() throws {
    // A letterbox, a frame, a floor, a disc in black: pure black and white, which no scanner sees.
    let frames = try [
      sheet { x, y in [y < 40 || y > 470 || Self.isLine(x, y) ? 0 : 1] },
      sheet { x, y in [max(abs(x - 256), abs(y - 256)) > 240 || Self.isLine(x, y) ? 0 : 1] },
      sheet { x, y in [y > 460 || Self.isLine(x, y) ? 0 : 1] },
      sheet { x, y in [x < 5 || Self.isLine(x, y) ? 0 : 1] },
    ]
    for image in frames {
      let made = try prepared(image)
      #expect(made.report.kind == .lines && made.report.steps.isEmpty, "\(made.report)")
      #expect(made.image == (try image.resized(width: 256, height: 256)))
    }
  }

  // MARK: Desks, and pages

  @Test func aSheetThatLiesAskewOnADesk() throws {
    // Along an edge that is a little askew the light goes over into the desk's from pixel to pixel.
    let image = try sheet { x, y in
      let light = 1 - 0.35 * Double(x) / 512
      let (u, v) = (Double(x - 256) + 0.03 * Double(y - 256), Double(y - 256) - 0.04 * Double(x - 256))
      let cover = min(max(220 - max(abs(u), abs(v)), 0), 1)
      let paper = Self.isLine(x, y) ? 0.12 : 0.95
      return [0.42, 0.28, 0.17].map { (paper * cover + $0 * (1 - cover)) * light }
    }
    let made = try prepared(image)
    #expect(made.report.kind == .lines && made.report.steps.contains(.leftOutSurroundings), "\(made.report)")
    expectLines(made.image)
  }

  @Test func twoPagesOfABook() throws {
    func page(_ x: Int, _ y: Int) -> Double {
      let u = (x % 256) * 2
      return (60..<450).contains(u) && (60..<450).contains(y) && (u % 96 < 6 || y % 64 < 3) ? 0.1 : 0.94
    }
    let book = try sheet { x, y in [page(x, y) * (1 - 0.95 * exp(-pow(Double(x - 256) / 9, 2)))] }
    let report = try prepared(book).report
    #expect(report.kind == .lines && report.steps.contains(.leftOutGutter), "\(report)")
    let made = try prepared(book).image
    #expect((0..<256).allSatisfy { made.pixels[$0 * 256 + 128] > 200 })
    #expect(!(try prepared(sheet { x, y in [ink(x, y)] }).report.steps.contains(.leftOutGutter)))
    // A pole from top to bottom is drawn.
    let pole = try sheet { x, y in [abs(x - 256) < 5 || Self.isLine(x, y) ? 0 : 1] }
    #expect(try prepared(pole).report.steps.isEmpty)
  }

  @Test func strokesOfABroadBrushAreDark() throws {
    // 60 of 512 pixels: the gaps between them are thinner than they are.
    let brush = try sheet { x, y in
      let (u, v) = (Double(x - 256), Double(y - 256))
      let radius = (u * u + v * v).squareRoot()
      return [abs(radius - 170) < 30 || abs(radius - 60) < 30 || abs(radius - 115) < 20 ? 0 : 1]
    }
    let report = try prepared(brush).report
    #expect(report.polarity == .darkOnLight && report.polarityCertainty >= 0.3)
  }

  @Test func strokesThatRunOutOfThePictureAreDark() throws {
    // 34 of 512 pixels, over six in a hundred pixels of the border.
    let brush = try sheet { x, y in
      let (u, v) = (Double(x - 256), Double(y - 256))
      let radius = (u * u + v * v).squareRoot()
      return [abs(radius - 150) < 17 || abs(radius - 70) < 15 || (abs(v - 90) < 17 && radius > 150) ? 0 : 1]
    }
    let report = try prepared(brush).report
    #expect(report.polarity == .darkOnLight && report.polarityCertainty >= 0.3, "\(report)")
  }

  @Test func aWhiteSheetInADarkWindow() throws {
    func window(_ sheet: Double, _ ground: Double) -> (Int, Int) -> [Double] {
      { x, y in
        if (140..<460).contains(x), (90..<420).contains(y) { return [Self.isLine(x, y) ? 1 - sheet : sheet] }
        if x < 40 || y < 24 { return [x % 24 < 14 && y % 24 < 14 && x % 24 > 1 && y % 24 > 1 ? ground + 0.6 : ground] }
        return [ground]
      }
    }
    let report = try prepared(sheet(window(1, 0.2))).report
    #expect(report.polarity == .darkOnLight && report.polarityCertainty >= 0.3, "\(report)")
    // Chalk on a board has no such sheet.
    let chalk = try prepared(sheet { x, y in [Self.isLine(x, y) ? 1 : 0.2] }).report
    #expect(chalk.polarity == .lightOnDark && chalk.polarityCertainty >= 0.3, "\(chalk)")
  }

  /// The grain of kraft paper is more ink than the lines on it.
  @Test func roughPaperTakesNothingFromTheLines() throws {
    var random = SplitMix64(state: 13)
    let kraft = try sheet { x, y in
      let grain = (0..<4).reduce(-2.0) { sum, _ in sum + Double.random(in: 0...1, using: &random) } * 0.07
      let isLine = Self.isLine(x, y) && max(abs(x - 256), abs(y - 256)) < 110
      return [0.69, 0.55, 0.38].map { (isLine ? 0.12 : 1) * $0 + grain }
    }
    let report = try prepared(kraft).report
    // Of the paper's own light.
    let light = 0.299 * 0.69 + 0.587 * 0.55 + 0.114 * 0.38
    #expect(Double(report.inkStrength) > 0.75 * light, "\(report)")
    #expect((1.5...4).contains(report.lineWidth ?? 0), "\(report)")
  }

  @Test func photographsAndClipArtAreNoLines() throws {
    // Tones that go up and down all over, as soft as light.
    let photo = try sheet { x, y in
      let (u, v) = (Double(x) / 512, Double(y) / 512)
      return [0.5 + 0.2 * sin(9 * u + 3 * v) * cos(8 * v) + 0.1 * sin(17 * u * v) + (Self.isLine(x, y) ? -0.08 : 0)]
    }
    #expect(try prepared(photo).report.kind == .painting)
    // A patch of one colour on black.
    let patch = try sheet { x, y in
      let (u, v) = (Double(x - 256), Double(y - 256))
      let radius = (u * u + v * v).squareRoot()
      if radius > 170 + 40 * sin(5 * atan2(v, u)) { return [0, 0, 0] }
      return Self.isLine(x, y) ? [0.1, 0.1, 0.1] : [1, 0.6, 0.25]
    }
    #expect(try prepared(patch).report.kind == .painting)
  }
}
