// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

/// Pixels that come from and go to a program's own memory.
struct RawPixelTests {
  private func image(
    _ width: Int, _ height: Int, _ bytesPerRow: Int, _ format: PixelFormat, premultiplied: Bool = false,
    _ bytes: [UInt8]
  ) throws -> Image {
    try bytes.withUnsafeBytes {
      try Image(
        width: width, height: height, bytesPerRow: bytesPerRow, format: format, premultiplied: premultiplied, bytes: $0)
    }
  }

  private func copy(
    _ image: Image, _ bytesPerRow: Int, _ format: PixelFormat, premultiplied: Bool = false, count: Int
  ) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xEE, count: count)
    try bytes.withUnsafeMutableBytes {
      try image.copy(to: $0, bytesPerRow: bytesPerRow, format: format, premultiplied: premultiplied)
    }
    return bytes
  }

  @Test func rowsMayBeLongerThanTheirPixels() throws {
    // The last row ends with its last pixel.
    let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 99, 7, 8, 9, 10, 11, 12]
    let made = try image(2, 2, 7, .rgb8, bytes)
    #expect(made.channels == 3 && made.pixels == Array(1...12))
    #expect(try copy(made, 7, .rgb8, count: 13) == [1, 2, 3, 4, 5, 6, 0xEE, 7, 8, 9, 10, 11, 12])
    let grey = try image(1, 3, 5, .grey8, [1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3])
    #expect(grey.channels == 1 && grey.pixels == [1, 2, 3])
    #expect(try copy(grey, 2, .grey8, count: 6) == [1, 0xEE, 2, 0xEE, 3, 0xEE])
  }

  @Test func samplesGoWhereTheFormatHasThem() throws {
    let made = try image(1, 1, 4, .bgra8, [1, 2, 3, 4])
    #expect(made.pixels == [3, 2, 1, 4])
    #expect(try copy(made, 4, .bgra8, count: 4) == [1, 2, 3, 4])
    #expect(try copy(made, 4, .rgba8, count: 4) == [3, 2, 1, 4])
    let red = try Image(width: 1, height: 1, color: [255, 0, 0])
    #expect(try copy(red, 4, .bgra8, count: 4) == [0, 0, 255, 255])
    #expect(try copy(red, 1, .grey8, count: 1) == red.grey.pixels)
    #expect(try copy(Image(width: 1, height: 1, color: [7]), 4, .rgba8, count: 4) == [7, 7, 7, 255])
    // Where the format has no alpha, paper is white.
    let clear = try Image(width: 1, height: 1, color: [0, 0, 0, 0])
    #expect(try copy(clear, 3, .rgb8, count: 3) == [255, 255, 255])
    #expect(try copy(clear, 1, .grey8, count: 1) == [255])
  }

  @Test func premultipliedColoursAreDividedAndMultiplied() throws {
    let made = try image(3, 1, 12, .rgba8, premultiplied: true, [64, 128, 0, 128, 9, 9, 9, 0, 200, 10, 0, 100])
    #expect(made.pixels == [128, 255, 0, 128, 0, 0, 0, 0, 255, 26, 0, 100])
    #expect(try copy(made, 12, .rgba8, premultiplied: true, count: 12).prefix(4) == [64, 128, 0, 128])
    for alpha in UInt8.min...UInt8.max {
      let colour = try Image(width: 1, height: 1, color: [alpha, alpha / 2, 0, alpha])
      // Whatever is multiplied, divided and multiplied again is what it was.
      let once = try copy(colour, 4, .bgra8, premultiplied: true, count: 4)
      #expect(
        try copy(image(1, 1, 4, .bgra8, premultiplied: true, once), 4, .bgra8, premultiplied: true, count: 4) == once)
    }
    #expect(try image(1, 1, 3, .rgb8, premultiplied: true, [1, 2, 3]).pixels == [1, 2, 3])
  }

  @Test(arguments: [
    (0, 1, 4, 16), (1, 0, 4, 16), (-1, 1, 4, 16), (1, -1, 4, 16), (1, 1, 3, 16), (1, 1, 0, 16), (1, 1, -4, 16),
    (2, 2, 8, 15), (1, 1, 4, 0), (2, 3, .max, 16), (2, 3, .max / 2, 16), (1, 2, .max - 3, 16), (.max, 1, 4, 16),
    (.max, .max, .max, 16), (.min, .min, .min, 16), (20_000, 1, 80_000, 16),
  ])
  func numbersThatDoNotFitAreRefused(width: Int, height: Int, bytesPerRow: Int, count: Int) throws {
    let bytes = [UInt8](repeating: 0, count: count)
    #expect(throws: ImageError.self) { try image(width, height, bytesPerRow, .rgba8, bytes) }
    #expect(throws: ImageError.self) {
      try bytes.isEmpty
        ? Image(
          width: 1, height: 1, bytesPerRow: 4, format: .rgba8, bytes: UnsafeRawBufferPointer(start: nil, count: 0))
        : image(width, height, bytesPerRow, .bgra8, premultiplied: true, bytes)
    }
    guard (1...2).contains(width), (1...3).contains(height) else { return }
    let picture = try Image(width: width, height: height, color: [1, 2, 3, 4])
    var target = bytes
    #expect(throws: ImageError.self) {
      try target.withUnsafeMutableBytes { try picture.copy(to: $0, bytesPerRow: bytesPerRow, format: .rgba8) }
    }
    #expect(target == bytes)
  }

  @Test func linesDarkenWhatTheyLieOn() throws {
    let picture = try Image(width: 2, height: 1, channels: 3, pixels: [200, 100, 50, 200, 100, 50])
    let lines = try Image(width: 2, height: 1, channels: 1, pixels: [255, 51])
    #expect(try picture.multiplied(by: lines).pixels == [200, 100, 50, 40, 20, 10])
    // Lines on transparent paper, and a cut-out, whose alpha stays.
    let ink = try Image(width: 2, height: 1, channels: 4, pixels: [0, 0, 0, 0, 0, 0, 0, 255])
    let cut = try Image(width: 2, height: 1, channels: 4, pixels: [9, 8, 7, 6, 9, 8, 7, 6])
    #expect(try cut.multiplied(by: ink).pixels == [9, 8, 7, 6, 0, 0, 0, 6])
    // Coloured lines on grey.
    let red = try Image(width: 2, height: 1, color: [255, 0, 0])
    #expect(try lines.multiplied(by: red).pixels == [255, 0, 0, 51, 0, 0])
    #expect(try lines.multiplied(by: lines).channels == 1)
    let tall = try Image(width: 1, height: 2, color: [0])
    #expect(
      throws: ImageError.invalidShape(
        reason: "The lines are of 1 x 2 pixels, the image of 2 x 1; both must be the same")
    ) { try picture.multiplied(by: tall) }
  }
}
