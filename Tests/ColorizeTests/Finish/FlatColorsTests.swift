// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Testing

/// Which colours a request's flats are painted in.
struct FlatColorsTests {
  private static let (red, green, blue) = (RGB(200, 30, 40), RGB(40, 160, 70), RGB(40, 60, 190))

  /// A figure in red on green, and its mask.
  private func reference() throws -> (image: Image, mask: Mask) {
    var pixels: [UInt8] = []
    var values: [Float] = []
    for y in 0..<64 {
      for x in 0..<64 {
        let isFigure = (16..<48).contains(x) && (16..<48).contains(y)
        let color = isFigure ? Self.red : Self.green
        pixels += [color.red, color.green, color.blue]
        values.append(isFigure ? 1 : 0)
      }
    }
    return (
      try Image(width: 64, height: 64, channels: 3, pixels: pixels), try Mask(width: 64, height: 64, values: values)
    )
  }

  private func request(_ mode: InferenceMode) throws -> ColorizeRequest {
    let (image, mask) = try reference()
    var request = ColorizeRequest(sketch: image, reference: image)
    request.mode = mode
    (request.sketchMask, request.referenceMask) = (mask, mask)
    return request
  }

  @Test func figureAndGroundHaveTheirOwn() throws {
    let colors = try #require(try request(.full).flatColors())
    let sides = try #require(colors.sides)
    let places = colors.palette.entries.map(\.color)
    #expect(Set(places) == [Self.red, Self.green])
    #expect(sides.isFigure == places.map { $0 == Self.red })
    #expect(sides.isGround == places.map { $0 == Self.green })
  }

  @Test func aBackgroundPictureIsTheGround() throws {
    var request = try request(.full)
    request.background = try Image(
      width: 32, height: 32, channels: 3,
      pixels: (0..<32 * 32).flatMap { _ in [Self.blue.red, Self.blue.green, Self.blue.blue] })
    let colors = try #require(try request.flatColors())
    let places = colors.palette.entries.map(\.color)
    #expect(Set(places) == [Self.red, Self.blue])
    #expect(colors.sides?.isGround == places.map { $0 == Self.blue })
  }

  @Test func aModeWithoutMasksHasOnePalette() throws {
    let colors = try #require(try request(.vanilla).flatColors())
    #expect(colors.sides == nil)
    #expect(Set(colors.palette.entries.map(\.color)) == [Self.red, Self.green])
  }

  @Test func aGivenPaletteIsUsedWhole() throws {
    var request = try request(.full)
    request.palette = Palette([.init(Self.blue)])
    let colors = try #require(try request.flatColors())
    #expect(colors.palette == request.palette && colors.sides == nil)
  }
}
