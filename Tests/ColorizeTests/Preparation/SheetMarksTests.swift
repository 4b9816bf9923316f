// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

/// Holes, staples and crosses along the edges of a sheet, and what is drawn like them.
@Suite struct SheetMarksTests {
  /// What is left of the drawing is the drawing, for the network and in its own pixels.
  private func expectLeftOut(_ image: Image, _ location: SourceLocation = #_sourceLocation) throws {
    let made = try DrawnSheet.prepared(image)
    #expect(made.report.kind == .lines, sourceLocation: location)
    #expect(made.report.steps.contains(.leftOutMarks), "\(made.report)", sourceLocation: location)
    let seen = try DrawnSheet.remains(in: made.image, besides: DrawnSheet.truth())
    #expect(seen.lines > 0.99 && seen.stains == 0, "\(seen)", sourceLocation: location)
    let sheet = DrawnSheet.remains(in: image.sheet(made))
    #expect(sheet.lines == 1 && sheet.stains == 0, "\(sheet)", sourceLocation: location)
  }

  private func expectDrawn(_ image: Image, _ location: SourceLocation = #_sourceLocation) throws {
    let made = try DrawnSheet.prepared(image)
    #expect(!made.report.steps.contains(.leftOutMarks), "\(made.report)", sourceLocation: location)
  }

  @Test(arguments: [15.0, 130, 205])
  func pegHoles(tone: Double) throws {
    for y in [9.0, 288] {
      var sheet = DrawnSheet()
      sheet.disc(105, y, 6.35, tone)
      for x in [25.0, 185] { sheet.bar(x, y, 12.7, 3.2, tone) }
      try expectLeftOut(sheet.image())
    }
  }

  /// A cel that was thresholded has no grain, but its holes are those of a peg bar.
  @Test func pegHolesWithoutGrain() throws {
    var sheet = DrawnSheet(paper: [255, 255, 255], ink: 0)
    sheet.disc(105, 9, 6.35, 0)
    for x in [25.0, 185] { sheet.bar(x, 9, 12.7, 3.2, 0) }
    try expectLeftOut(sheet.image(grain: 0))
  }

  @Test(arguments: [[-40.0, 40], [-108, 0, 108], [-120, -40, 40, 120]], [20.0, 190])
  func binderHoles(places: [Double], tone: Double) throws {
    for x in [12.0, 198] {
      var sheet = DrawnSheet()
      for place in places { sheet.disc(x, 148.5 + place, 6.5, tone) }
      try expectLeftOut(sheet.image())
    }
  }

  @Test func rowsOfHoles() throws {
    var leaf = DrawnSheet()
    for place in 0..<30 { leaf.disc(6.5, 148.5 + (Double(place) - 14.5) * 9.5, 5.5, 30) }
    try expectLeftOut(leaf.image())
    var spiral = DrawnSheet()
    for place in 0..<23 { spiral.bar(105 + (Double(place) - 11) * 8.5, 7, 4, 4, 30) }
    try expectLeftOut(spiral.image())
  }

  @Test func ringsThatStrengthenHoles() throws {
    var sheet = DrawnSheet()
    for place in [-40.0, 40] {
      sheet.disc(12, 148.5 + place, 14, 140)
      sheet.disc(12, 148.5 + place, 12.8, 240)
      sheet.disc(12, 148.5 + place, 6, 30)
    }
    try expectLeftOut(sheet.image())
  }

  @Test func registrationCrosses() throws {
    for hasCircle in [true, false] {
      var sheet = DrawnSheet()
      for x in [14.0, 196] {
        for y in [14.0, 283] {
          sheet.bar(x, y, 14, 0.7, 40)
          sheet.bar(x, y, 0.7, 14, 40)
          guard hasCircle else { continue }
          sheet.put(40) {
            let distance = (($0 - x) * ($0 - x) + ($1 - y) * ($1 - y)).squareRoot()
            return abs(distance - 3.5) < 0.4
          }
        }
      }
      try expectLeftOut(sheet.image())
    }
  }

  @Test func staples() throws {
    var corner = DrawnSheet()
    corner.put(100) { x, y in
      let (u, v) = ((x - 12 + y - 11) * 0.7071, (y - 11 - x + 12) * 0.7071)
      return abs(u) < 6 && abs(v) < 0.4
    }
    try expectLeftOut(corner.image())
    var fold = DrawnSheet()
    for y in [75.0, 222] { fold.bar(4, y, 0.8, 12, 100) }
    try expectLeftOut(fold.image())
  }

  @Test func whatIsDrawnLikeThemStays() throws {
    // A ball, two eyes, a row of buttons, balls of two sizes, a border of pearls, wheels below the middle.
    let drawings: [[(x: Double, y: Double, diameter: Double)]] = [
      [(12, 148, 6)], [(95, 12, 6), (115, 12, 6)], [(100, 12, 5), (120, 12, 5), (140, 12, 5)],
      [(12, 108, 6), (12, 188, 9)], [(12, 108, 6), (12, 148, 6), (12, 188, 9)], [(30, 284, 12), (70, 284, 12)],
      [(12, 30, 6), (12, 110, 6)], [(105, 12, 6)],
    ]
    for drawn in drawings {
      var sheet = DrawnSheet()
      for disc in drawn { sheet.disc(disc.x, disc.y, disc.diameter, 25) }
      try expectDrawn(sheet.image())
    }
    // Pearls around a picture that was never a sheet, and rain, and crosses of different sizes.
    var pearls = DrawnSheet(paper: [255, 255, 255], ink: 0)
    for place in 0..<30 {
      for x in [6.5, 203.5] { pearls.disc(x, 148.5 + (Double(place) - 14.5) * 9.5, 5.5, 0) }
    }
    try expectDrawn(pearls.image(grain: 0))
    var rain = DrawnSheet()
    for place in 0..<12 { rain.bar(10 + Double(place) * 17, 12 + Double(place * 7 % 11), 0.8, 11, 60) }
    try expectDrawn(rain.image())
    var stars = DrawnSheet()
    for (x, y, size) in [(14.0, 14.0, 14.0), (196, 20, 8), (20, 270, 10)] {
      stars.bar(x, y, size, 0.7, 40)
      stars.bar(x, y, 0.7, size, 40)
    }
    try expectDrawn(stars.image())
  }

  @Test func theDrawingKeepsItsBytesWithoutMarks() throws {
    let image = try DrawnSheet(paper: [255, 255, 255], ink: 0).image(grain: 0)
    let made = try DrawnSheet.prepared(image)
    #expect(made.report.steps.isEmpty && image.sheet(made) == image)
  }
}
