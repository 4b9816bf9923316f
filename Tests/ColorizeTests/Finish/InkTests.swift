// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

/// A drawing's lines without its paper.
struct InkTests {
  /// Grey stripes of every strength on a paper.
  private func drawing(paper: UInt8, strengths: [UInt8], channels: Int = 1) throws -> Image {
    let side = 64
    var pixels: [UInt8] = []
    for y in 0..<side {
      for x in 0..<side {
        let isLine = x % 8 == 3 && y >= 4 && y < side - 4
        let value = isLine ? strengths[x / 8 % strengths.count] : paper
        pixels += [UInt8](repeating: value, count: channels == 4 ? 3 : channels)
        if channels == 4 { pixels.append(255) }
      }
    }
    return try Image(width: side, height: side, channels: channels, pixels: pixels)
  }

  /// Laid over white, clean line art looks as it did, sample for sample: coverage and colour are rounded once each, which
  /// cancels for black ink, and leaves at most one level for others.
  @Test func overWhiteItLooksAsItDid() throws {
    let clean = try drawing(paper: 255, strengths: [0, 0, 40, 128, 200, 250])
    let white = try Image(width: 64, height: 64, color: [255, 255, 255])
    let back = white.overlaid(with: clean.ink()).grey
    for (found, drawn) in zip(back.pixels, clean.pixels) {
      #expect(abs(Int(found) - Int(drawn)) <= 1, "\(found) for \(drawn)")
    }
  }

  /// Where ink covers fully the drawing's own bytes stand, whatever lies below.
  @Test(arguments: [UInt8(0), 30, 60]) func fullInkKeepsItsBytes(ink: UInt8) throws {
    let clean = try drawing(paper: 255, strengths: [ink], channels: 3)
    let red = try Image(width: 64, height: 64, color: [220, 20, 60])
    let over = red.overlaid(with: clean.ink())
    for pixel in 0..<64 * 64 {
      let expected = clean.pixels[pixel * 3] == ink ? [ink, ink, ink] : [220, 20, 60]
      #expect(Array(over.pixels[pixel * 3..<pixel * 3 + 3]) == expected)
    }
  }

  /// Grey paper with a grain leaves no veil, and a pencil's grey covers fully where it is strongest.
  @Test func paperVanishes() throws {
    var pixels = try drawing(paper: 220, strengths: [110]).pixels
    for index in pixels.indices where pixels[index] == 220 { pixels[index] = UInt8(217 + index * 7 % 5) }
    let scan = try Image(width: 64, height: 64, channels: 1, pixels: pixels)
    let ink = scan.ink()
    for index in pixels.indices {
      #expect(ink.pixels[index * 4 + 3] == (pixels[index] == 110 ? 255 : 0))
    }
  }

  @Test func chalkStaysLight() throws {
    let board = try drawing(paper: 0, strengths: [255])
    let blue = try Image(width: 64, height: 64, color: [0, 0, 200])
    let over = blue.overlaid(with: board.ink(polarity: .lightOnDark))
    for pixel in 0..<64 * 64 {
      let expected: [UInt8] = board.pixels[pixel] == 255 ? [255, 255, 255] : [0, 0, 200]
      #expect(Array(over.pixels[pixel * 3..<pixel * 3 + 3]) == expected)
    }
  }

  @Test func blankPaperHasNoInk() throws {
    let blank = try Image(width: 5, height: 3, color: [255])
    #expect(blank.ink().pixels.enumerated().allSatisfy { $0 % 4 != 3 || $1 == 0 })
  }
}
