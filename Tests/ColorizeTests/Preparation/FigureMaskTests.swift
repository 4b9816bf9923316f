// SPDX-License-Identifier: Apache-2.0

import Colorize
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
    let found = try drawing.figureMask()
    #expect(found.method == .lines && found.isPlausible)
    #expect(try overlap(found.mask, disc()) > 0.93)
  }

  @Test func figuresMayBeCutOffByTheBorder() throws {
    // Shoulders that leave the sheet at its lower border.
    let drawing = try picture(channels: 1) { x, y in
      let isBody = y > 120 && (abs(abs(x - 128) - 50) < 2) || (abs(y - 120) < 2 && abs(x - 128) < 52)
      return [isBody ? 0 : 255]
    }
    let mask = try drawing.figureMask().mask
    #expect(
      mask.values[250 * 256 + 128] > 0.5 && mask.values[250 * 256 + 20] < 0.5 && mask.values[20 * 256 + 128] < 0.5)
  }

  @Test func coloursOfTheBorderAreBackground() throws {
    let painting = try picture(channels: 3) { x, y in
      circle(x, y) < 0 ? [UInt8(200 - y / 4), 60, UInt8(x / 2)] : [90, UInt8(150 + y / 8), UInt8(200 + x / 16)]
    }
    let found = try painting.figureMask(.colors)
    #expect(found.method == .colors)
    #expect(try overlap(found.mask, disc(radius: 60)) > 0.93)
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
    #expect(sketch.method == .lines)
    #expect(try overlap(sketch.mask, Sample.sketchMask()) > 0.75)
    let reference = try Sample.reference().figureMask()
    #expect(reference.method == .colors)
    #expect(try overlap(reference.mask, Sample.referenceMask()) > 0.75)
  }

  @Test func nothingIsHardlyAFigure() throws {
    for (width, height) in [(1, 1), (40, 1), (1, 40), (64, 64)] {
      let found = try Image(width: width, height: height, color: [255]).figureMask()
      #expect(!found.isPlausible && found.mask.width == width)
    }
  }
}
