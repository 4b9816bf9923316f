// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing
import TestSupport

/// Black specks of a fax, dots of a screentone, and dots that are drawn.
@Suite struct SpecksTests {
  private func prepared(_ sheet: DrawnSheet) throws -> (Image, PreparedSketch) {
    let image = try sheet.image(grain: 0)
    return (image, try DrawnSheet.prepared(image))
  }

  private static var clean: DrawnSheet { DrawnSheet(paper: [255, 255, 255], ink: 0) }

  @Test(arguments: [0.002, 0.01])
  func grainOfAFax(density: Double) throws {
    var random = SplitMix64(state: 5)
    let isSpeck = (0..<DrawnSheet.width * DrawnSheet.height).map { _ in
      Double.random(in: 0...1, using: &random) < density
    }
    var sheet = Self.clean
    sheet.print([0, 0, 0]) { x, y in isSpeck[y * DrawnSheet.width + x] }
    let (image, made) = try prepared(sheet)
    #expect(made.report.steps.contains(.removedSpecks), "\(made.report)")
    let seen = try DrawnSheet.remains(in: made.image, besides: DrawnSheet.truth())
    #expect(seen.lines > 0.99 && seen.stains < 10, "\(seen)")
    // Specks that touch a line are part of it.
    let specks = isSpeck.count { $0 }
    let own = DrawnSheet.remains(in: image.sheet(made))
    #expect(own.lines > 0.995 && own.stains * 3 < specks, "\(own) of \(specks)")
  }

  /// Noise that makes specks makes lines ragged, and pinholes in them.
  @Test(arguments: [38.0, 45, 48])
  func grainOfAFaxWithRaggedLines(noise: Double) throws {
    let (width, height) = (DrawnSheet.width, DrawnSheet.height)
    /// From the nearest edge of a line twelve pixels wide, inside of lines below 0: waves that are nearly level, and poles.
    func distance(_ x: Int, _ y: Int) -> Double {
      let (u, v) = (Double(x), Double(y))
      let wave = abs((v + 8 * sin(u / 90) + 60).truncatingRemainder(dividingBy: 60) - 30)
      return min(wave, abs((u + v / 9).truncatingRemainder(dividingBy: 170) - 85)) - 6
    }
    var random = SplitMix64(state: 21)
    var samples: [UInt8] = []
    for index in 0..<width * height {
      // About normal.
      let normal = (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0...1, using: &random) }
      let light = min(max(distance(index % width, index / width) / 5 + 0.5, 0), 1)
      samples.append(255 * light + noise * normal < 140 ? 0 : 255)
    }
    let image = try Image(width: width, height: height, channels: 1, pixels: samples)
    let made = try DrawnSheet.prepared(image)
    #expect(made.report.steps.contains(.removedSpecks), "\(made.report)")
    let own = image.sheet(made)
    var (specks, left, lines, found) = (0, 0, 0, 0)
    for index in samples.indices {
      let depth = distance(index % width, index / width)
      if depth > 6 {
        if samples[index] == 0 { specks += 1 }
        if own.pixels[index] < 128 { left += 1 }
      } else if depth < -3 {
        lines += 1
        if own.pixels[index] < 128 { found += 1 }
      }
    }
    #expect(specks > 200 && left * 20 < specks, "\(left) of \(specks)")
    #expect(found * 100 > lines * 99, "\(found) of \(lines)")
  }

  @Test func screentone() throws {
    for (pitch, reach) in [(7, 2), (8, 3), (6, 4)] {
      var sheet = Self.clean
      sheet.print([0, 0, 0]) { x, y in
        guard x > 130, x < 500, y > 300, y < 800 else { return false }
        // Rows of dots that are shifted by half, as at 45 degrees.
        let u = (x + (y / pitch % 2) * (pitch / 2)) % pitch
        return u < reach && y % pitch < reach
      }
      let (image, made) = try prepared(sheet)
      #expect(made.report.steps.contains(.removedScreentone), "\(made.report)")
      let seen = try DrawnSheet.remains(in: made.image, besides: DrawnSheet.truth())
      #expect(seen.lines > 0.99 && seen.stains < 10, "\(seen)")
      #expect(DrawnSheet.remains(in: image.sheet(made)).lines > 0.995)
    }
  }

  /// Dots that have grown together cannot be taken one by one: such an area stays whole, and others go.
  @Test func screentoneThatHasGrownTogether() throws {
    var random = SplitMix64(state: 3)
    let isBridge = (0..<DrawnSheet.width * DrawnSheet.height).map { _ in Double.random(in: 0...1, using: &random) < 0.4
    }
    func isDot(_ x: Int, _ y: Int, _ size: Int) -> Bool {
      let row = y / 8
      return (x + row % 2 * 4) % 8 < size && y % 8 < size
    }
    var sheet = Self.clean
    sheet.print([0, 0, 0]) { x, y in
      guard y > 300, y < 800 else { return false }
      if x > 130, x < 320 { return isDot(x, y, 3) }
      guard x > 360, x < 560 else { return false }
      let corner = (y / 8) * DrawnSheet.width + (x + y / 8 % 2 * 4) / 8 * 8
      return isDot(x, y, 4) || (isBridge[corner] && y % 8 < 3)
    }
    let (image, made) = try prepared(sheet)
    #expect(made.report.steps.contains(.removedScreentone), "\(made.report)")
    let own = image.sheet(made)
    // Dots that touch a line are part of it.
    func ink(_ picture: Image, _ columns: Range<Int>) -> Int {
      (320..<780).reduce(0) { sum, y in
        sum
          + columns.count { x in
            let isNearLine = (-4...4).contains { v in (-4...4).contains { DrawnSheet.isLine(x + $0, y + v) } }
            return !isNearLine && picture.pixels[(y * picture.width + x) * picture.channels] < 128
          }
      }
    }
    #expect(ink(own, 380..<540) * 100 >= ink(image, 380..<540) * 99)
    #expect(ink(own, 140..<310) * 50 < ink(image, 140..<310))
  }

  @Test func dotsThatAreDrawnStay() throws {
    let taken: Set<SketchReport.Step> = [.removedSpecks, .removedScreentone]
    var random = SplitMix64(state: 9)
    // The dots of a dress, freckles, and a shadow that is stippled.
    var dress = Self.clean
    dress.print([0, 0, 0]) { x, y in
      let (u, v) = (x % 30 - 15, y % 30 - 15)
      return x > 150 && x < 550 && y > 400 && u * u + v * v < 30
    }
    var freckles = Self.clean
    for _ in 0..<40 {
      freckles.disc(
        Double.random(in: 80...130, using: &random), Double.random(in: 100...130, using: &random), 0.7, 0)
    }
    var shadow = Self.clean
    for _ in 0..<500 {
      shadow.disc(
        Double.random(in: 40...90, using: &random), Double.random(in: 150...230, using: &random), 0.6, 0)
    }
    for sheet in [dress, freckles, shadow] {
      let (_, made) = try prepared(sheet)
      #expect(taken.isDisjoint(with: made.report.steps), "\(made.report)")
    }
    // Snow, all over a sheet, is larger than the lines are wide.
    var snow = Self.clean
    for _ in 0..<300 {
      snow.disc(
        Double.random(in: 2...208, using: &random), Double.random(in: 2...295, using: &random),
        Double.random(in: 1.8...3, using: &random), 0)
    }
    #expect(try taken.isDisjoint(with: prepared(snow).1.report.steps))
  }
}
