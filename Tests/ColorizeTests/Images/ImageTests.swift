// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

@Suite struct ImageTests {
  @Test(arguments: [
    (0, 1, 1, 0), (1, 0, 1, 0), (-1, -1, 1, 1), (2, 2, 1, 3), (2, 2, 1, 5), (1, 1, 2, 2), (1, 1, 0, 0), (1, 1, -3, 3),
    (Int.max, Int.max, 3, 3), (Int.min, 1, 1, 1), (16_385, 1, 1, 16_385), (16_384, 4_097, 1, 0),
  ])
  func refusesShapesThatDoNotFit(width: Int, height: Int, channels: Int, count: Int) {
    let pixels = [UInt8](repeating: 0, count: count)
    #expect(throws: ImageError.self) {
      try Image(width: width, height: height, channels: channels, pixels: pixels)
    }
    #expect(throws: ImageError.self) {
      try Image(width: width, height: height, channels: channels, pixels16: [UInt16](repeating: 0, count: count))
    }
    #expect(throws: ImageError.self) {
      try Image(width: width, height: height, channels: channels, floats: [Float](repeating: 0, count: count))
    }
  }

  @Test func saysWhatDoesNotFit() {
    #expect(
      imageError { () throws(ImageError) in _ = try Image(width: 2, height: 3, channels: 3, pixels: [0]) }?.description
        == "2 x 3 pixels of 3 channels need 18 values, not 1.")
    #expect(
      imageError { () throws(ImageError) in _ = try Image(width: 20_000, height: 3, color: [0]) }?.description
        == "the image data: too large: 20000 x 3 pixels, where a side has at most 16384. Make it smaller.")
  }

  @Test func roundsSixteenBits() throws {
    let every = Array(UInt16.min...UInt16.max)
    let image = try Image(width: 256, height: 256, channels: 1, pixels16: every)
    for (value, sample) in zip(every, image.pixels) {
      #expect(sample == UInt8((Double(value) * 255 / 65535).rounded()))
    }
  }

  @Test func compositesExactly() throws {
    for background in [UInt8(0), 1, 100, 254, 255] {
      var pixels: [UInt8] = []
      for alpha in UInt8.min...255 {
        for color in UInt8.min...255 { pixels += [color, 255 - color, 7, alpha] }
      }
      let image = try Image(width: 256, height: 256, channels: 4, pixels: pixels)
      let flat = image.composited(over: (background, background, 9))
      #expect((flat.width, flat.height, flat.channels) == (256, 256, 3))
      var wrong = 0
      for index in 0..<65_536 {
        let alpha = Double(pixels[index * 4 + 3]) / 255
        for (channel, paper) in [background, background, 9].enumerated() {
          let exact = alpha * Double(pixels[index * 4 + channel]) + (1 - alpha) * Double(paper)
          if abs(Double(flat.pixels[index * 3 + channel]) - exact) > 0.5 + 1e-9 { wrong += 1 }
        }
      }
      #expect(wrong == 0)
    }
  }

  @Test func compositingKeepsOpaqueColors() throws {
    let rgb = try Image(width: 1, height: 1, channels: 3, pixels: [1, 2, 3])
    #expect(rgb.composited(over: (9, 9, 9)) == rgb)
    let grey = try Image(width: 2, height: 1, channels: 1, pixels: [4, 5])
    #expect(grey.composited(over: (9, 9, 9)).pixels == [4, 4, 4, 5, 5, 5])
  }

  @Test func takesAlphaAndLuma() throws {
    let image = try Image(width: 2, height: 1, channels: 4, pixels: [255, 255, 255, 3, 10, 200, 30, 255])
    #expect(image.alpha?.pixels == [3, 255])
    #expect(image.hasTransparency)
    #expect(image.grey.pixels == [255, 124])
    #expect(image.grey.channels == 1)
    #expect(image.grey.alpha == nil)
    #expect(!image.composited().hasTransparency)
    let primaries = try Image(width: 4, height: 1, channels: 3, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0])
    #expect(primaries.grey.pixels == [76, 150, 29, 0])
  }

  @Test(arguments: SampleRange.allCases)
  func floatsRoundTrip(range: SampleRange) throws {
    let image = try Image(width: 16, height: 16, channels: 1, pixels: Array(0...255))
    let floats = image.floats(range)
    #expect(floats.first == (range == .unit ? 0 : -1))
    #expect(floats.last == 1)
    #expect(try Image(width: 16, height: 16, channels: 1, floats: floats, range: range) == image)
  }

  @Test func floatsAreRoundedAndClamped() throws {
    let unit: [Float] = [-1, -0.001, 0.49 / 255, 0.51 / 255, 254.49 / 255, 254.51 / 255, 1.5, .greatestFiniteMagnitude]
    let rounded = try Image(width: 8, height: 1, channels: 1, floats: unit, range: .unit)
    #expect(rounded.pixels == [0, 0, 0, 1, 254, 255, 255, 255])
    let signed: [Float] = [-.greatestFiniteMagnitude, -1.2, -1, 0, 0.999, 1, 1.01]
    #expect(
      try Image(width: 7, height: 1, channels: 1, floats: signed, range: .signed).pixels
        == [0, 0, 0, 128, 255, 255, 255])
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, .signalingNaN])
  func refusesFloatsThatAreNotFinite(value: Float) {
    let error = imageError { () throws(ImageError) in
      _ = try Image(width: 2, height: 2, channels: 1, floats: [0, 0, value, 0])
    }
    #expect(error?.description == "The image has the value \(value) at column 0, row 1.")
  }

  @Test func laysImagesSideBySide() throws {
    let left = try Image(width: 1, height: 2, color: [10])
    let right = try Image(width: 2, height: 2, color: [1, 2, 3])
    let sheet = try Image.row([left, right], gap: 1, background: (7, 8, 9))
    #expect((sheet.width, sheet.height, sheet.channels) == (4, 2, 3))
    let line: [UInt8] = [10, 10, 10, 7, 8, 9, 1, 2, 3, 1, 2, 3]
    #expect(sheet.pixels == line + line)
  }

  @Test func scalesTheImagesOfARow() throws {
    let small = try Image(width: 3, height: 2, color: [0, 0, 0, 0])
    let tall = try Image(width: 1, height: 8, color: [50])
    let sheet = try Image.row([small, tall], background: (200, 100, 0))
    #expect((sheet.width, sheet.height) == (13, 8))
    #expect(Array(sheet.pixels[0..<3]) == [200, 100, 0])
    #expect(Array(sheet.pixels[36..<39]) == [50, 50, 50])
    #expect(try Image.row([small, tall], height: 1).width == 3)
  }

  @Test func refusesRowsThatCannotBe() throws {
    let image = try Image(width: 1, height: 1, color: [0])
    let wide = try Image(width: 16_384, height: 1, color: [0])
    #expect(throws: ImageError.self) { try Image.row([]) }
    #expect(throws: ImageError.self) { try Image.row([image], gap: -1) }
    #expect(throws: ImageError.self) { try Image.row([image], height: 0) }
    #expect(throws: ImageError.self) { try Image.row([image, image], gap: .max) }
    #expect(throws: ImageError.self) { try Image.row([wide, image]) }
    #expect(throws: ImageError.self) { try Image.row([wide], height: 16_384) }
    #expect(try Image.row([wide]).width == 16_384)
  }
}
