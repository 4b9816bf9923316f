// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing
import TestSupport

/// A picture's own colours.
@Suite struct PicturePaletteTests {
  private static let skin = RGB(250, 222, 205)
  private static let shade = RGB(214, 164, 148)
  private static let hair = RGB(32, 40, 92)
  private static let eyes = RGB(40, 160, 90)
  private static let paper = RGB(240, 240, 235)
  private static let ink = RGB(20, 16, 24)

  /// A head on paper: hair, skin with a shadow, two eyes of 9 x 9 pixels, and lines of two pixels around it all, drawn
  /// at four times the size and scaled down, so that every edge is antialiased.
  private static func head(noise: Int = 0, eyes: RGB = Self.eyes) throws -> Image {
    let (size, scale) = (200, 4)
    let full = size * scale
    var pixels = [UInt8](repeating: 0, count: full * full * 3)
    for y in 0..<full {
      for x in 0..<full {
        let (dx, dy) = (Double(x) / Double(scale) - 100, Double(y) / Double(scale) - 100)
        let radius = (dx * dx + dy * dy).squareRoot()
        var color = paper
        if radius < 80 { color = dy < -20 ? hair : dx > 30 ? shade : skin }
        if abs(radius - 80) < 1 || radius < 80 && abs(dy + 20) < 1 { color = ink }
        if abs(abs(dx) - 20) < 4.5, abs(dy - 10) < 4.5 { color = eyes }
        for (channel, value) in [color.red, color.green, color.blue].enumerated() {
          pixels[(y * full + x) * 3 + channel] = value
        }
      }
    }
    let image = try Image(width: full, height: full, channels: 3, pixels: pixels).resized(width: size, height: size)
    guard noise > 0 else { return image }
    var random = SplitMix64(state: 9)
    let noisy = image.pixels.map { sample in
      UInt8(clamping: Int(sample) + Int.random(in: -noise...noise, using: &random))
    }
    return try Image(width: size, height: size, channels: 3, pixels: noisy)
  }

  private func colors(_ palette: Palette) -> Set<RGB> { Set(palette.entries.map(\.color)) }

  @Test func flatColorsAreFoundAndNothingElse() throws {
    // Neither the ink of the lines nor a mixture along the edges.
    let palette = try Palette(of: Self.head())
    #expect(colors(palette) == [Self.paper, Self.skin, Self.shade, Self.hair, Self.eyes])
    #expect(palette.entries.count == 5)
    // The largest area first.
    #expect(palette.entries.first?.color == Self.paper)
    #expect(try Palette(of: Self.head()) == palette)
  }

  @Test func theColorsThatMatterMostComeFirst() throws {
    let image = try Self.head()
    for count in 1...5 { #expect(try Palette(of: image, maximumColors: count).entries.count == count) }
    #expect(try Palette(of: image, maximumColors: -3).entries.count == 1)
    #expect(try colors(Palette(of: image, maximumColors: 3)) == [Self.paper, Self.hair, Self.shade])
  }

  @Test func noiseMakesNoColors() throws {
    let found = try Palette(of: Self.head(noise: 3))
    for color in [Self.paper, Self.skin, Self.shade, Self.hair, Self.eyes] {
      let nearest = try #require(found.nearest(to: color))
      // A mode of noise of 3 steps; a step is about a third of a unit.
      #expect(nearest.difference < 2, "\(color): \(nearest)")
    }
    #expect(found.entries.count == 5)
    let pixels = try Self.head(noise: 3).pixels
    for entry in found.entries {
      let samples = [entry.color.red, entry.color.green, entry.color.blue]
      #expect(stride(from: 0, to: pixels.count, by: 3).contains { Array(pixels[$0..<$0 + 3]) == samples })
    }
  }

  @Test func jpegKeepsTheColors() throws {
    let image = try Image(data: Self.head().jpegData(quality: 85))
    let found = try Palette(of: image)
    for color in [Self.paper, Self.skin, Self.shade, Self.hair, Self.eyes] {
      #expect(try #require(found.nearest(to: color)).difference < 3, "\(color)")
    }
    #expect(found.entries.count <= 7)
  }

  @Test func whatIsThickIsNoLine() throws {
    // Black stripes of 20 pixels are areas; of 2 pixels they are lines.
    func stripes(_ width: Int) throws -> Image {
      try Image(
        width: 200, height: 200, channels: 1,
        pixels: (0..<40_000).map { $0 % 200 % 40 < width ? 0 : 255 })
    }
    #expect(try colors(Palette(of: stripes(20))) == [.black, .white])
    #expect(try colors(Palette(of: stripes(2))) == [.white])
  }

  @Test func transparentPixelsDoNotCount() throws {
    var pixels = [UInt8]()
    for y in 0..<64 {
      for x in 0..<64 { pixels += x < 32 ? [200, 30, 40, 255] : [UInt8(x * 4), UInt8(y), 0, 0] }
    }
    #expect(try colors(Palette(of: Image(width: 64, height: 64, channels: 4, pixels: pixels))) == [RGB(200, 30, 40)])
    let empty = try Image(width: 8, height: 8, color: [1, 2, 3, 0])
    #expect(throws: PaletteError.noColors(file: nil, format: .picture)) { try Palette(of: empty) }
  }

  @Test func aSketchOnTransparentPaperHasItsInk() throws {
    let pixels = (0..<100 * 100).flatMap { index -> [UInt8] in [10, 12, 14, index % 100 % 20 < 2 ? 255 : 0] }
    let image = try Image(width: 100, height: 100, channels: 4, pixels: pixels)
    #expect(try colors(Palette(of: image)) == [RGB(10, 12, 14)])
  }

  @Test func aMaskMakesASmallFigureCount() throws {
    // A figure of 12 x 12 pixels with a spot of 3 x 3, on a background of four large colours.
    let (size, spot) = (400, RGB(120, 90, 80))
    var pixels: [UInt8] = []
    var mask: [Float] = []
    for y in 0..<size {
      for x in 0..<size {
        let isFigure = (200..<212).contains(x) && (100..<112).contains(y)
        let isSpot = (204..<207).contains(x) && (104..<107).contains(y)
        let color =
          isSpot
          ? spot
          : isFigure ? RGB(150, 110, 95) : [RGB(90, 120, 60), RGB(60, 70, 130), RGB(200, 190, 90), .white][y / 100]
        pixels += [color.red, color.green, color.blue]
        mask.append(isFigure ? 1 : 0)
      }
    }
    let image = try Image(width: size, height: size, channels: 3, pixels: pixels)
    let figure = try Mask(width: size, height: size, values: mask)
    #expect(try !colors(Palette(of: image)).contains(spot))
    #expect(try colors(Palette(of: image, mask: figure)).contains(spot))
  }

  @Test(arguments: [(1, 1), (1, 7), (7, 1), (2, 2), (3, 5)])
  func tinyPicturesHaveColors(width: Int, height: Int) throws {
    var random = SplitMix64(state: 4)
    for channels in [1, 3, 4] {
      let plain = try Image(width: width, height: height, color: [UInt8](repeating: 255, count: channels))
      #expect(try Palette(of: plain).entries == [.init(.white)])
      let noise = try Image(
        width: width, height: height, channels: channels,
        pixels: random.bytes(width * height * channels).map { channels == 4 ? $0 | 128 : $0 })
      #expect(try !Palette(of: noise).entries.isEmpty)
    }
  }

  @Test func anyShareIsTaken() throws {
    let image = try Self.head()
    for share in [0, -1, 1, 1e300, .infinity, .nan] {
      #expect(try !Palette(of: image, maximumColors: 8, minimumShare: share).entries.isEmpty)
    }
  }
}
