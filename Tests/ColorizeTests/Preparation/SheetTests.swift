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
}
