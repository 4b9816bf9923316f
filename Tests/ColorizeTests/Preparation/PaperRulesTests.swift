// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

/// Rules of note, graph and millimetre paper beneath a drawing, and straight lines that are drawn.
@Suite struct PaperRulesTests {
  /// - Parameter covered: the least share of the lines' pixels that are still ink.
  private func expectLeftOut(
    _ sheet: DrawnSheet, grain: Double = 3, covered: Double = 0.995, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let image = try sheet.image(grain: grain)
    let made = try DrawnSheet.prepared(image)
    #expect(made.report.kind == .lines, sourceLocation: location)
    #expect(made.report.steps.contains(.leftOutRules), "\(made.report)", sourceLocation: location)
    let seen = try DrawnSheet.remains(in: made.image, besides: DrawnSheet.truth())
    #expect(seen.lines > 0.99 && seen.stains < 8, "\(seen)", sourceLocation: location)
    let own = DrawnSheet.remains(in: image.sheet(made), dark: 190)
    #expect(own.lines >= covered && own.stains < 40, "\(own)", sourceLocation: location)
  }

  private func expectDrawn(_ sheet: DrawnSheet, _ location: SourceLocation = #_sourceLocation) throws {
    let made = try DrawnSheet.prepared(sheet.image())
    #expect(!made.report.steps.contains(.leftOutRules), "\(made.report)", sourceLocation: location)
  }

  /// Green, red, orange, brown, grey.
  static let colors: [[Double]] = [
    [0.62, 0.84, 0.66], [0.97, 0.66, 0.66], [1, 0.77, 0.54], [0.83, 0.7, 0.58], [0.74, 0.74, 0.74],
  ]

  @Test(arguments: colors)
  func graphPaper(color: [Double]) throws {
    var sheet = DrawnSheet()
    sheet.print(color) { x, y in x % 17 < 2 || y % 17 < 2 }
    try expectLeftOut(sheet)
  }

  @Test func graphPaperAskew() throws {
    var sheet = DrawnSheet()
    sheet.print([0.62, 0.84, 0.66]) { x, y in
      let (u, v) = (Double(x) + 0.012 * Double(y), Double(y) - 0.012 * Double(x) + 30)
      return Int(u) % 20 < 2 || Int(v) % 20 < 2
    }
    try expectLeftOut(sheet)
  }

  /// Own lines keep their colour, over rules and beside them.
  @Test func inkIsNotLightened() throws {
    var sheet = DrawnSheet()
    sheet.print([0.86, 0.66, 0.66]) { x, y in x % 24 < 2 || y % 24 < 2 }
    let image = try sheet.image(grain: 3)
    let made = try DrawnSheet.prepared(image)
    #expect(made.report.steps.contains(.leftOutRules), "\(made.report)")
    let own = image.sheet(made)
    var (count, lightened) = (0, 0)
    for index in 0..<image.width * image.height where DrawnSheet.isLine(index % image.width, index / image.width) {
      count += 1
      let isLightened = (0..<3).contains { own.pixels[index * 3 + $0] > image.pixels[index * 3 + $0] + 6 }
      if isLightened { lightened += 1 }
    }
    #expect(count > 1000 && lightened * 50 < count, "\(lightened) of \(count)")
  }

  /// Lines that leave the picture on their way, wherever they lie.
  @Test(arguments: [-0.03, 0.03])
  func graphPaperFarAskew(slope: Double) throws {
    for offset in 0..<4 {
      var sheet = DrawnSheet()
      sheet.print([0.62, 0.84, 0.66]) { x, y in
        let (u, v) = (Double(x) + slope * Double(y), Double(y) - slope * Double(x))
        return Int(u + 60) % 16 < 2 || Int(v + 60 + 4 * Double(offset)) % 16 < 2
      }
      let made = try DrawnSheet.prepared(sheet.image(grain: 3))
      #expect(made.report.steps.contains(.leftOutRules), "\(offset): \(made.report)")
    }
  }

  @Test func millimetrePaper() throws {
    var sheet = DrawnSheet()
    sheet.print([1, 0.84, 0.7]) { x, y in x % 7 == 3 || y % 7 == 3 }
    sheet.print([1, 0.86, 0.76]) { x, y in x % 70 == 3 || y % 70 == 3 }
    try expectLeftOut(sheet)
  }

  @Test func notePaperWithAMargin() throws {
    var sheet = DrawnSheet()
    sheet.print([0.76, 0.77, 0.78]) { _, y in y % 27 < 2 }
    sheet.print([0.95, 0.55, 0.55]) { x, _ in (80..<82).contains(x) }
    try expectLeftOut(sheet)
    // Beneath pale blue rules the margin goes with them.
    var blue = DrawnSheet()
    blue.print([0.72, 0.84, 0.96]) { _, y in y % 27 < 2 }
    blue.print([0.95, 0.55, 0.55]) { x, _ in (80..<82).contains(x) }
    let image = try blue.image(grain: 3)
    let made = try DrawnSheet.prepared(image)
    #expect(Set(made.report.steps).isSuperset(of: [.leftOutRules, .leftOutBlue]), "\(made.report)")
    let seen = try DrawnSheet.remains(in: made.image, besides: DrawnSheet.truth())
    #expect(seen.lines > 0.99 && seen.stains < 8, "\(seen)")
  }

  /// Blue rules on legal paper are lighter than it in blue, and darker in red.
  @Test func yellowPaper() throws {
    var sheet = DrawnSheet(paper: [252, 244, 150], ink: 0.12)
    sheet.print([0.58, 0.69, 1.32]) { _, y in y % 27 < 2 }
    try expectLeftOut(sheet)
  }

  /// Grey pencil over grey rules: a line is as dark where a rule crosses it as beside.
  @Test func pencilOverRulesIsNotCut() throws {
    var sheet = DrawnSheet(ink: 0.5)
    sheet.print([0.8, 0.8, 0.8]) { x, y in x % 17 < 2 || y % 17 < 2 }
    try expectLeftOut(sheet)
  }

  @Test func straightLinesThatAreDrawnStay() throws {
    // Panels, a window's bars, a floor in perspective, speed lines, blinds: as dark as the rest.
    var panels = DrawnSheet()
    panels.print([0.2, 0.2, 0.2]) { x, y in abs(y - 330) < 2 || abs(y - 660) < 2 || abs(x - 350) < 2 }
    try expectDrawn(panels)
    var blinds = DrawnSheet()
    blinds.print([0.2, 0.2, 0.2]) { _, y in y % 40 < 3 }
    try expectDrawn(blinds)
    // Pale lines over a part of the sheet only, and of a floor, which come closer.
    var part = DrawnSheet()
    part.print([0.7, 0.7, 0.7]) { x, y in x > 100 && x < 420 && y % 25 < 2 }
    try expectDrawn(part)
    var floor = DrawnSheet()
    floor.print([0.7, 0.7, 0.7]) { _, y in
      (1...12).contains { abs(Double(y) - (400 + 580 / Double($0))) < 1.2 }
    }
    try expectDrawn(floor)
    // Rules without a drawing are all there is.
    var bare = DrawnSheet(ink: 1)
    bare.print([0.62, 0.84, 0.66]) { x, y in x % 17 < 2 || y % 17 < 2 }
    try expectDrawn(bare)
  }
}
