// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Testing

@Suite struct FigureMaskTests {
  /// How well two masks agree: the area they share over the area of either.
  private func overlap(_ one: Mask, _ other: Mask) -> Double {
    var (both, either) = (0, 0)
    for (a, b) in zip(one.values, other.values) {
      if a > 0.5 && b > 0.5 { both += 1 }
      if a > 0.5 || b > 0.5 { either += 1 }
    }
    return either == 0 ? 0 : Double(both) / Double(either)
  }

  private func fixture(_ name: String) throws -> Image {
    try Image.load(#require(Bundle.module.resourcePath) + "/Fixtures/figures/\(name).png")
  }

  private func circle(_ x: Int, _ y: Int, radius: Double = 60) -> Double {
    (Double((x - 128) * (x - 128) + (y - 128) * (y - 128))).squareRoot() - radius
  }

  private func picture(channels: Int, _ pixel: (_ x: Int, _ y: Int) -> [UInt8]) throws -> Image {
    try Image(width: 256, height: 256, channels: channels, pixels: (0..<65_536).flatMap { pixel($0 % 256, $0 / 256) })
  }

  private func disc(radius: Double = 61) throws -> Mask {
    try Mask(width: 256, height: 256, values: (0..<65_536).map { circle($0 % 256, $0 / 256) < radius - 60 ? 1 : 0 })
  }

  @Test func linesWithGapsEnclose() throws {
    let drawing = try picture(channels: 1) { x, y in
      // A circle with a gap of three pixels, a ground line behind it, and a cloud.
      let isCircle = abs(circle(x, y)) < 1.2 && !(x > 128 && abs(y - 128) < 2)
      let isGround = y == 200 && circle(x, y) > 0
      return [isCircle || isGround ? 0 : 255]
    }
    for method in [FigureMask.Method.lines, .builtIn] {
      let found = try drawing.figureMask(method)
      #expect(found.method == method && found.isPlausible)
      #expect(try overlap(found.mask, disc()) > 0.93)
    }
  }

  @Test func figuresMayBeCutOffByTheBorder() throws {
    // Shoulders that leave the sheet at its lower border.
    let drawing = try picture(channels: 1) { x, y in
      let isBody = y > 120 && (abs(abs(x - 128) - 50) < 2) || (abs(y - 120) < 2 && abs(x - 128) < 52)
      return [isBody ? 0 : 255]
    }
    let mask = try drawing.figureMask(.lines).mask
    #expect(
      mask.values[250 * 256 + 128] > 0.5 && mask.values[250 * 256 + 20] < 0.5 && mask.values[20 * 256 + 128] < 0.5)
  }

  @Test func coloursOfTheBorderAreBackground() throws {
    let painting = try picture(channels: 3) { x, y in
      circle(x, y) < 0 ? [UInt8(200 - y / 4), 60, UInt8(x / 2)] : [90, UInt8(150 + y / 8), UInt8(200 + x / 16)]
    }
    for method in [FigureMask.Method.colors, .builtIn] {
      let found = try painting.figureMask(method)
      #expect(found.method == method)
      #expect(try overlap(found.mask, disc(radius: 60)) > 0.93)
    }
  }

  /// Houses behind a figure, which flooding from the border takes for the figure.
  @Test func thingsOfTheGroundAreNoFigure() throws {
    let truth = Mask(try fixture("sketch-mask"))
    for (name, plain) in [("sketch", FigureMask.Method.lines), ("target", .colors)] {
      let image = try fixture(name)
      let found = try image.figureMask()
      #expect(found.method == .builtIn && found.isPlausible)
      let share = overlap(found.mask, truth)
      #expect(share > 0.7, "\(name): \(share)")
      #expect(try overlap(image.figureMask(plain).mask, truth) < 0.6)
    }
  }

  @Test func transparencyIsTaken() throws {
    let cut = try picture(channels: 4) { x, y in [10, 20, 30, circle(x, y) < 0 ? 255 : 0] }
    let found = try cut.figureMask()
    #expect(found.method == .alpha)
    #expect(try overlap(found.mask, disc(radius: 60)) > 0.99)
    #expect(throws: ImageError.self) { try Image(width: 9, height: 9, color: [1]).figureMask(.alpha) }
  }

  @Test func theSamples() throws {
    let sketch = try Sample.sketch().figureMask()
    #expect(sketch.method == .builtIn)
    #expect(try overlap(sketch.mask, Sample.sketchMask()) > 0.75)
    let reference = try Sample.reference().figureMask()
    #expect(reference.method == .builtIn)
    #expect(try overlap(reference.mask, Sample.referenceMask()) > 0.85)
  }

  /// The guided filter of a plane that is a linear function of the colours is the plane, whatever the window.
  @Test func theGuideKeepsWhatTheColoursSay() throws {
    let image = try Image(
      width: 37, height: 23, channels: 3, pixels: (0..<37 * 23 * 3).map { UInt8(truncatingIfNeeded: $0 * $0 / 7 + $0) })
    let plane = (0..<37 * 23).map { index in
      (0.5 * Float(image.pixels[3 * index]) - 0.25 * Float(image.pixels[3 * index + 1])) / 255 + 0.125
    }
    let filtered = ColorGuide(image, epsilon: 1e-7).filtered(plane)
    // Single precision, of sums over windows that may hold few colours.
    for (a, b) in zip(filtered, plane) { #expect(abs(a - b) < 1e-3) }
    // A soft step becomes a sharp one where the colours have one.
    let two = try picture(channels: 3) { x, _ in x < 128 ? [20, 30, 40] : [220, 210, 60] }
    let soft = (0..<65_536).map { 1 / (1 + exp(-(Float($0 % 256) - 127.5) / 3)) }
    let sharp = ColorGuide(two).filtered(soft)
    let row = 128 * 256
    #expect(soft[row + 128] - soft[row + 127] < 0.1)
    #expect(sharp[row + 128] - sharp[row + 127] > 0.4)
  }

  @Test func coloursSayWhatIsFigure() throws {
    let image = try picture(channels: 3) { x, _ in x < 64 ? [200, 40, 40] : [40, 90, 200] }
    // Told of a part of the red only.
    let evidence = ColorShares(image).evidence(by: (0..<65_536).map { $0 % 256 < 32 ? 1 : 0 })
    #expect(evidence[60] > 0.5 && evidence[200] < -2)
  }

  @Test func nothingIsHardlyAFigure() throws {
    for (width, height) in [(1, 1), (40, 1), (1, 40), (64, 64)] {
      let found = try Image(width: width, height: height, color: [255]).figureMask()
      #expect(!found.isPlausible && found.mask.width == width)
    }
  }
}
