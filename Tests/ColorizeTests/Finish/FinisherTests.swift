// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Testing

/// From a painting to the picture that is asked for.
struct FinisherTests {
  private static let side = 96
  private static let red = RGB(200, 30, 40)
  private static let green = RGB(40, 160, 70)

  /// Two boxes side by side, drawn with lines of three pixels.
  private func sketch() throws -> Image {
    var pixels = [UInt8](repeating: 255, count: Self.side * Self.side)
    for y in 10..<86 {
      for x in 10..<86 where y < 13 || y >= 83 || x < 13 || x >= 83 || (47..<50).contains(x) {
        pixels[y * Self.side + x] = 0
      }
    }
    return try Image(width: Self.side, height: Self.side, channels: 1, pixels: pixels)
  }

  /// What a network may paint of it: red left and green right, on white, with a wide dark blur along the lines.
  private func painting(side: Int = side) throws -> Image {
    let lines = try sketch().resized(width: side, height: side)
    var pixels: [UInt8] = []
    for y in 0..<side {
      for x in 0..<side {
        let (column, row) = (x * Self.side / side, y * Self.side / side)
        let isInside = (10..<86).contains(row) && (10..<86).contains(column)
        let color = isInside ? (column < 48 ? Self.red : Self.green) : .white
        var nearest = 99
        for v in max(0, y - 2)...min(side - 1, y + 2) {
          for u in max(0, x - 2)...min(side - 1, x + 2) where lines.pixels[v * side + u] < 128 {
            nearest = min(nearest, max(abs(u - x), abs(v - y)))
          }
        }
        let shade = nearest == 0 ? 40 : nearest == 1 ? 120 : nearest == 2 ? 200 : 255
        for sample in [color.red, color.green, color.blue] { pixels.append(UInt8(Int(sample) * shade / 255)) }
      }
    }
    return try Image(width: side, height: side, channels: 3, pixels: pixels)
  }

  private func finished(
    _ fill: FillStyle, _ lines: LineSource, palette: Palette? = nil, painting: Image? = nil
  ) throws -> ColorizeResult.Picture {
    var settings = ColorizeSettings()
    settings.fill = fill
    settings.lines = lines
    let painting = try painting ?? self.painting()
    let finisher = try Finisher(
      settings, sketch: sketch(), polarity: .darkOnLight, palette: palette, workingSize: painting.size)
    return try finisher.finish(painting)
  }

  private func color(_ image: Image, _ x: Int, _ y: Int) -> RGB {
    let start = (y * image.width + x) * 3
    return RGB(image.pixels[start], image.pixels[start + 1], image.pixels[start + 2])
  }

  @Test func flatsHaveExactlyThePalettesColors() throws {
    let palette = Palette([
      .init(RGB(190, 40, 50), name: "coat"), .init(Self.green), .init(.white), .init(RGB(0, 0, 255)),
    ])
    for side in [Self.side, 48, 192] {
      let finished = try finished(.flats, .none, palette: palette, painting: painting(side: side))
      let flats = try #require(finished.flats)
      #expect(Set(flats.colors.map(\.color)) == [RGB(190, 40, 50), Self.green, .white])
      #expect(flats.colors.first { $0.color == RGB(190, 40, 50) }?.name == "coat")
      #expect(finished.image == flats.image && finished.image.size == ImageSize(width: Self.side, height: Self.side))
      #expect(color(finished.image, 30, 40) == RGB(190, 40, 50) && color(finished.image, 70, 40) == Self.green)
      #expect(color(finished.image, 3, 3) == .white)
    }
  }

  /// The sketch's bytes where its lines are, the flats everywhere else: not one pixel of anything between.
  @Test func ownLinesStandUntouched() throws {
    let sketch = try sketch()
    let finished = try finished(.flats, .own)
    let flats = try #require(finished.flats).image
    for y in 0..<Self.side {
      for x in 0..<Self.side {
        let expected = sketch.pixels[y * Self.side + x] == 0 ? RGB.black : color(flats, x, y)
        #expect(color(finished.image, x, y) == expected)
      }
    }
  }

  /// A pencil's lines darken all colours, as the drawing laid over them does.
  @Test func greyLinesAreMultiplied() throws {
    var settings = ColorizeSettings()
    (settings.fill, settings.lines) = (.flats, .own)
    let drawn = try sketch()
    let pencil = try Image(
      width: Self.side, height: Self.side, channels: 1, pixels: drawn.pixels.map { $0 == 0 ? 150 : 255 })
    let finished = try Finisher(
      settings, sketch: pencil, polarity: .darkOnLight, palette: nil, workingSize: drawn.size
    ).finish(painting())
    #expect(try finished.image == #require(finished.flats).image.multiplied(by: pencil))
  }

  @Test func theNetworksOwnPictureIsLeftAlone() throws {
    let finished = try finished(.painting, .network)
    #expect(try finished.image == painting() && finished.painting == painting() && finished.flats == nil)
  }

  /// Nothing of the dark blur along the lines is left, and no colour crosses from one box into the other.
  @Test func linesAreTakenOutOfAPainting() throws {
    let image = try finished(.painting, .none).image
    for y in 14..<82 {
      for x in 14..<82 where x != 47 && x != 48 && x != 49 {
        #expect(color(image, x, y) == (x < 48 ? Self.red : Self.green), "\(x), \(y)")
      }
    }
    // The line between belongs to the boxes, half to each.
    #expect(color(image, 47, 40) == Self.red && color(image, 49, 40) == Self.green)
  }

  @Test func theNetworksLinesStandOverFlats() throws {
    let image = try finished(.flats, .network).image
    let painting = try painting()
    #expect(color(image, 11, 40) == color(painting, 11, 40) && color(image, 30, 40) == Self.red)
  }

  /// Any sketch gives a picture, however odd: without lines, all ink, one pixel, one row.
  @Test(arguments: [(1, 1, UInt8(255)), (1, 1, 0), (37, 1, 255), (1, 37, 0), (8, 8, 0), (8, 8, 255)])
  func oddSketches(width: Int, height: Int, value: UInt8) throws {
    let sketch = try Image(width: width, height: height, color: [value])
    let painting = try Image(width: 16, height: 16, color: [10, 200, 30])
    for fill in FillStyle.allCases {
      for lines in LineSource.allCases {
        var settings = ColorizeSettings()
        settings.fill = fill
        settings.lines = lines
        let finisher = try Finisher(
          settings, sketch: sketch, polarity: .darkOnLight, palette: nil, workingSize: painting.size)
        #expect(try finisher.finish(painting).image.size == sketch.size)
      }
    }
  }
}
