// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing
import TestSupport

@Suite struct FlatsTests {
  private let red = RGB(200, 40, 40)
  private let blue = RGB(40, 60, 190)
  private let sky = RGB(180, 220, 250)

  /// Two boxes on a ground, and a painting of them at `scale` with soft edges and noise.
  private func boxes() throws -> (drawing: Drawing, map: RegionMap) {
    var drawing = Drawing(128, 96)
    drawing.box(x: 10..<60, y: 20..<80)
    drawing.box(x: 70..<120, y: 20..<80)
    return (drawing, try RegionMap(lineArt: drawing.image))
  }

  private func painting(_ left: RGB, _ right: RGB, noise: Int = 0) throws -> Image {
    var painting = Drawing(128, 96, paper: sky)
    painting.fill(x: 10..<60, y: 20..<80, left)
    painting.fill(x: 70..<120, y: 20..<80, right)
    guard noise > 0 else { return try painting.image }
    var random = SplitMix64(state: 3)
    let noisy = painting.pixels.map {
      UInt8(max(0, min(255, Int($0) + Int.random(in: -noise...noise, using: &random))))
    }
    return try Image(width: 128, height: 96, channels: 3, pixels: noisy)
  }

  private func color(_ flats: Flats, _ x: Int, _ y: Int) throws -> RGB {
    flats.paints[try #require(flats.map.region(x: x, y: y)).id].color
  }

  @Test func regionsGetWhatWasPainted() throws {
    let flats = try Flats(boxes().map, painting: painting(red, blue))
    #expect(try color(flats, 30, 50) == red)
    #expect(try color(flats, 90, 50) == blue)
    #expect(try color(flats, 2, 2) == sky)
    #expect(Set(flats.colors.map(\.color)) == [red, blue, sky])
    #expect(flats.colors.reduce(0) { $0 + $1.area } == 128 * 96)
    #expect(flats.paints.allSatisfy { $0.share > 0.9 })
  }

  @Test func thePictureHasExactlyTheColorsThatAreReported() throws {
    let flats = try Flats(boxes().map, painting: painting(red, blue, noise: 30))
    let pixels = flats.image.pixels
    var found: [RGB: Int] = [:]
    for start in stride(from: 0, to: pixels.count, by: 3) {
      found[RGB(pixels[start], pixels[start + 1], pixels[start + 2]), default: 0] += 1
    }
    #expect(found == Dictionary(uniqueKeysWithValues: flats.colors.map { ($0.color, $0.area) }))
  }

  @Test func aSmallBlurredPaintingVotesByWhatIsInTheMiddle() throws {
    let small = try painting(red, blue).resized(width: 16, height: 12)
    let flats = try Flats(boxes().map, painting: small)
    // A painted pixel is eight of the drawing; those in the middle of a box have its colour but for resampling.
    #expect(Lab(try color(flats, 30, 50)).difference(to: Lab(red)) < 3)
    #expect(Lab(try color(flats, 90, 50)).difference(to: Lab(blue)) < 3)
  }

  @Test func mostOfARegionCountsAndNotTheMean() throws {
    var drawing = Drawing(128, 96, paper: sky)
    drawing.fill(x: 10..<60, y: 20..<80, red)
    drawing.fill(x: 10..<60, y: 20..<42, blue)
    let flats = try Flats(boxes().map, painting: drawing.image)
    #expect(try color(flats, 30, 25) == red)
    let region = try #require(flats.map.region(x: 30, y: 25)).id
    #expect((0.5...0.8).contains(flats.paints[region].share))
  }

  @Test func aGradientBecomesItsMiddle() throws {
    var drawing = Drawing(128, 96, paper: sky)
    // 60 units of lightness from top to bottom; the lowest eighth is even, so that it is the densest place.
    func grey(_ y: Int) -> RGB {
      let value = UInt8(60 + min(140, (y - 20) * 140 / 52))
      return RGB(value, value, value)
    }
    for y in 20..<80 { drawing.fill(x: 10..<60, y: y..<y + 1, grey(y)) }
    let flats = try Flats(boxes().map, painting: drawing.image)
    let found = Lab(try color(flats, 30, 50))
    // Twenty units to either side reach a good half of it; the even part is 30 from the middle.
    #expect(abs(found.lightness - Lab(grey(50)).lightness) < 20)
    #expect(found.difference(to: Lab(grey(79))) > 8)
  }

  @Test func eachSideHasItsOwnColors() throws {
    let (_, map) = try boxes()
    var values = [Float](repeating: 0, count: 128 * 96)
    for y in 15..<85 { for x in 5..<62 { values[y * 128 + x] = 1 } }
    // The left box is figure and was painted in the ground's blue; the right one is ground in the figure's red.
    let options = FlatsOptions(palette: Palette([.init(red), .init(blue), .init(sky)]))
    let sides = try PaletteSides(
      isFigure: [true, false, false], isGround: [false, true, true],
      mask: Mask(width: 128, height: 96, values: values))
    let flats = try Flats(map, painting: painting(blue, red), options: options, sides: sides)
    #expect(try color(flats, 30, 50) == red)
    #expect(try color(flats, 90, 50) == blue)
    #expect(try color(flats, 2, 2) == sky)
    let free = try Flats(map, painting: painting(blue, red), options: options)
    #expect(try color(free, 30, 50) == blue)
  }

  @Test func colorsThatHardlyDifferBecomeOne() throws {
    let near = RGB(205, 45, 38)
    let joined = try Flats(boxes().map, painting: painting(red, near))
    #expect(try color(joined, 30, 50) == color(joined, 90, 50))
    let apart = try Flats(boxes().map, painting: painting(red, near), options: FlatsOptions(mergeDistance: 0))
    #expect(try color(apart, 30, 50) == red)
    #expect(try color(apart, 90, 50) == near)
  }

  @Test(arguments: 1...3) func noMoreColorsThanAllowed(most: Int) throws {
    let flats = try Flats(boxes().map, painting: painting(red, blue), options: FlatsOptions(maximumColors: most))
    #expect(flats.colors.count == most)
  }

  @Test func aPaletteDecides() throws {
    let palette = Palette([
      .init(RGB(210, 30, 50), name: "coat"), .init(RGB(30, 50, 200), name: "trousers"), .init(sky, name: "sky"),
      .init(RGB(0, 255, 0), name: "green"),
    ])
    let flats = try Flats(
      boxes().map, painting: painting(red, RGB(240, 230, 20)), options: FlatsOptions(palette: palette))
    #expect(try color(flats, 30, 50) == palette.entries[0].color)
    #expect(flats.colors.allSatisfy { use in palette.entries.contains { $0.color == use.color } })
    #expect(flats.colors.first?.name == "sky")
    // Yellow is far from every entry.
    let far = flats.regions(furtherThan: 15)
    #expect(far == [try #require(flats.map.region(x: 90, y: 50)).id])
  }

  @Test func regionsAreRecolored() throws {
    var flats = try Flats(boxes().map, painting: painting(red, blue))
    try flats.recolor(1, to: .black, name: "ink")
    #expect(flats.paints[1] == Flats.Paint(.black, name: "ink"))
    #expect(flats.replace(sky, with: .white) == 1)
    #expect(flats.colors.first?.color == .white)
    #expect(throws: FlatsError.self) { try flats.recolor(99, to: .white) }
    #expect(throws: FlatsError.self) { try flats.recolor(-1, to: .white) }
    #expect(throws: FlatsError.self) { try Flats(flats.map, paints: []) }
  }

  @Test func optionsOutOfRangeAreRefused() throws {
    let map = try boxes().map
    let picture = try painting(red, blue)
    for options in [
      FlatsOptions(palette: Palette([])), FlatsOptions(farDistance: -1), FlatsOptions(mergeDistance: .nan),
      FlatsOptions(maximumColors: 0),
    ] {
      #expect(throws: FlatsError.self) { try Flats(map, painting: picture, options: options) }
    }
  }
}

@Suite struct GuideTests {
  private let palette = Palette([
    .init(.white, name: "paper"), .init(RGB(200, 150, 120), name: "Skin"),
    .init(RGB(150, 100, 90), name: "Skin shadow"),
    .init(RGB(250, 220, 200), name: "skin Highlight"),
  ])

  /// A box, parted by a blue stroke on the left and a red one on the right.
  private func drawing() throws -> Image {
    var drawing = Drawing(160, 120)
    drawing.box(x: 20..<140, y: 20..<100)
    drawing.fill(x: 50..<52, y: 18..<102, RGB(60, 90, 255))
    drawing.fill(x: 120..<122, y: 22..<98, RGB(255, 30, 30))
    return try drawing.image
  }

  @Test func strokesBoundShadeAndVanish() throws {
    let map = try RegionMap(lineArt: drawing(), options: RegionOptions(guides: .default))
    let (left, middle, right) = (
      try #require(map.region(x: 30, y: 60)), try #require(map.region(x: 80, y: 60)),
      try #require(map.region(x: 130, y: 60))
    )
    #expect(Set([left.id, middle.id, right.id, 0]).count == 4)
    #expect(left.shade == .shadow)
    #expect(middle.shade == .base)
    #expect(right.shade == .highlight)
    #expect(map.regions[0].shade == .base)

    var painting = Drawing(160, 120)
    painting.fill(x: 20..<140, y: 20..<100, RGB(195, 152, 125))
    let flats = try Flats(map, painting: painting.image, options: FlatsOptions(palette: palette))
    #expect(flats.paints[left.id].name == "Skin shadow")
    #expect(flats.paints[middle.id].name == "Skin")
    #expect(flats.paints[right.id].name == "skin Highlight")
    #expect(flats.paints[0].name == "paper")
  }

  @Test func withoutThemTheSketchIsWhole() throws {
    let cleaned = try drawing().removingGuides()
    // The strokes are gone, and so is their crossing of the paper; lines that they do not cross are as they were.
    for (x, y) in [(50, 60), (51, 60), (120, 50), (121, 50), (50, 18)] {
      let start = (y * 160 + x) * 3
      #expect(Array(cleaned.pixels[start..<start + 3]) == [255, 255, 255])
    }
    let line = (60 * 160 + 20) * 3
    #expect(Array(cleaned.pixels[line..<line + 3]) == [0, 0, 0])
    #expect(try RegionMap(lineArt: cleaned, options: RegionOptions(maximumGap: 6)).regions.count == 2)
  }

  @Test func greyDrawingsHaveNone() throws {
    let grey = try drawing().grey
    #expect(try grey.removingGuides() == grey)
    let map = try RegionMap(lineArt: grey, options: RegionOptions(guides: .default))
    #expect(map.regions.allSatisfy { $0.shade == .base })
  }
}
