// SPDX-License-Identifier: Apache-2.0

import Colorize
import LayeredPictures
import Testing

struct ColoredPictureTests {
  private let lines = try? TestPicture.noise(20, 12, channels: 3, seed: 6, block: 2)

  @Test func layersStandInAColouristsOrder() throws {
    let lines = try #require(lines)
    let flats = try Layer.flats(
      labels: [UInt32](repeating: 0, count: 240), width: 20, height: 12, colors: [RGB(1, 2, 3)])
    let painting = try TestPicture.noise(20, 12, channels: 3, seed: 8)
    let picture = try LayeredPicture(lines: lines, flats: flats, painting: painting, resolution: 300)
    #expect(picture.layers.map(\.name) == ["Background", "Flats", "Painting", "Lines"])
    #expect(picture.layers.map(\.isVisible) == [true, true, false, true])
    #expect(picture.layers.map(\.blendMode) == [.normal, .normal, .normal, .multiply])
    #expect(picture.layers[0].isLocked)
    #expect(picture.layers[1].layers?.map(\.name) == ["#010203"])
    // The flats are what is seen.
    let flat = try Image(width: 20, height: 12, color: [1, 2, 3])
    #expect(try picture.merged() == flat.multiplied(by: lines))
    // Without flats the painting is.
    #expect(try LayeredPicture(lines: lines, painting: painting).merged() == painting.multiplied(by: lines))
  }

  @Test func withoutABackgroundPaperIsTransparent() throws {
    let drawing = try Image(width: 2, height: 1, channels: 1, pixels: [255, 0])
    let picture = try LayeredPicture(lines: drawing, lineStyle: .ink, background: nil)
    #expect(try picture.merged().pixels == [0, 0, 0, 0, 0, 0, 0, 255])
  }

  @Test func inkLooksAsTheDrawingOverWhite() throws {
    let drawing = try #require(lines)
    let merged = try LayeredPicture(lines: drawing, lineStyle: .ink).merged()
    // The ink's colour is rounded to 8 bits, and its alpha takes no more than all of that.
    #expect(zip(merged.pixels, drawing.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
  }

  @Test func greyInkIsTheProductOverAnyColour() throws {
    let drawing = try TestPicture.noise(16, 16, channels: 1, seed: 2)
    let painting = try TestPicture.noise(16, 16, channels: 3, seed: 3)
    let ink = try LayeredPicture(lines: drawing, lineStyle: .ink, painting: painting).merged()
    #expect(try ink == LayeredPicture(lines: drawing, painting: painting).merged())
  }

  @Test func aPaintingOfAnotherSizeIsRefused() throws {
    let drawing = try #require(lines)
    let painting = try Image(width: 19, height: 12, color: [1, 2, 3])
    #expect(throws: LayeredPictureError.self) { try LayeredPicture(lines: drawing, painting: painting) }
  }
}
