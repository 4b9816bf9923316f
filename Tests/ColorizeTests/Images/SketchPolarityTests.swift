// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing
import TestSupport

@Suite struct SketchPolarityTests {
  private let side = 100

  /// A drawing of thin lines, as a plane of `line` on `paper` with noise.
  private func drawing(line: Int, paper: Int, noise: Int = 0, every period: Int = 25) throws -> Image {
    var random = SplitMix64(state: UInt64(line * 1000 + paper))
    return try Image(
      width: side, height: side, channels: 1,
      pixels: (0..<side * side).map { index in
        let (x, y) = (index % side, index / side)
        let isLine = x > 5 && y > 5 && x < 95 && y < 95 && (x % period == 0 || (x + y) % period == 0)
        let value = (isLine ? line : paper) + (noise > 0 ? Int.random(in: -noise...noise, using: &random) : 0)
        return UInt8(min(max(value, 0), 255))
      })
  }

  private func withAlpha(_ color: Image, _ alpha: (_ x: Int, _ y: Int, _ luma: UInt8) -> UInt8) throws -> Image {
    var pixels: [UInt8] = []
    for (index, value) in color.grey.pixels.enumerated() {
      pixels += [value, value, value, alpha(index % color.width, index / color.width, value)]
    }
    return try Image(width: color.width, height: color.height, channels: 4, pixels: pixels)
  }

  @Test func inkAndChalk() throws {
    #expect(try drawing(line: 0, paper: 255).detectedPolarity == .darkOnLight)
    #expect(try drawing(line: 255, paper: 0).detectedPolarity == .lightOnDark)
    #expect(try drawing(line: 200, paper: 255, every: 50).detectedPolarity == .darkOnLight)
    #expect(try drawing(line: 60, paper: 0, every: 50).detectedPolarity == .lightOnDark)
  }

  @Test(arguments: [60, 80, 100, 120, 150, 200])
  func greyNoisyScans(paper: Int) throws {
    #expect(try drawing(line: 10, paper: paper, noise: 12).detectedPolarity == .darkOnLight)
  }

  @Test(arguments: [10, 40, 70, 110])
  func chalkOnGreyBoards(paper: Int) throws {
    #expect(try drawing(line: 230, paper: paper, noise: 12).detectedPolarity == .lightOnDark)
  }

  @Test func muchInk() throws {
    // Black in seven tenths of the sheet, but the border is paper.
    let heavy = try Image(
      width: side, height: side, channels: 1,
      pixels: (0..<side * side).map { (8..<92).contains($0 % side) && (8..<92).contains($0 / side) ? 0 : 250 })
    #expect(heavy.detectedPolarity == .darkOnLight)
  }

  @Test func darkFrameOfAScan() throws {
    let inner = try drawing(line: 20, paper: 240)
    let framed = try Image(
      width: side, height: side, channels: 1,
      pixels: inner.pixels.enumerated().map { (3..<97).contains($0 % side) && (3..<97).contains($0 / side) ? $1 : 0 })
    #expect(framed.detectedPolarity == .darkOnLight)
  }

  @Test func linesOnTransparentPaper() throws {
    let ink = try withAlpha(drawing(line: 0, paper: 255)) { _, _, luma in luma == 0 ? 255 : 0 }
    #expect(ink.detectedPolarity == .darkOnLight)
    let chalk = try withAlpha(drawing(line: 255, paper: 0)) { _, _, luma in luma == 255 ? 255 : 0 }
    #expect(chalk.detectedPolarity == .lightOnDark)
    let lines = chalk.sketchLines()
    #expect(lines.polarity == .lightOnDark)
    #expect(lines.values == (try drawing(line: 255, paper: 0)).sketchLines().values)
    #expect(ink.sketchLines().values == lines.values)
    // Hidden colours count for nothing.
    let hidden = try withAlpha(drawing(line: 0, paper: 0)) { x, _, _ in x == 50 ? 255 : 0 }
    #expect(hidden.detectedPolarity == .darkOnLight)
  }

  @Test func cutOutFigures() throws {
    // White skin with dark outlines, smaller and larger than half of the image.
    for margin in [5, 20, 35] {
      let figure = try withAlpha(drawing(line: 0, paper: 255, every: 12)) { x, y, _ in
        (margin..<100 - margin).contains(x) && (margin..<100 - margin).contains(y) ? 255 : 0
      }
      #expect(figure.detectedPolarity == .darkOnLight)
      #expect(figure.sketchLines().values[0] == -1)
    }
  }

  @Test func transparentCornersOnDarkPaper() throws {
    let board = try withAlpha(drawing(line: 255, paper: 0)) { x, y, _ in x + y < 30 ? 0 : 255 }
    let lines = board.sketchLines()
    #expect(lines.polarity == .lightOnDark)
    #expect(lines.values[0] == -1)
  }

  @Test func emptyDrawingsAreAllPaper() throws {
    for color: [UInt8] in [[255], [0], [255, 255, 255], [0, 0, 0, 0], [255, 255, 255, 0]] {
      let lines = try Image(width: 4, height: 3, color: color).sketchLines()
      #expect(lines.polarity != .automatic)
      #expect(lines.values == [Float](repeating: -1, count: 12))
    }
    // A single pixel is neither; whatever it is taken for, it is a number that the network knows.
    #expect(try (-1...1).contains(Image(width: 1, height: 1, color: [128]).sketchLines().values[0]))
  }

  @Test func linesAreOneAndPaperMinusOne() throws {
    let image = try Image(width: 3, height: 1, channels: 1, pixels: [0, 51, 255])
    let dark = image.sketchLines(polarity: .darkOnLight)
    #expect(dark.values[0] == 1)
    #expect(abs(dark.values[1] - 0.6) < 1e-6)
    #expect(dark.values[2] == -1)
    let light = image.sketchLines(polarity: .lightOnDark)
    #expect(light.values == dark.values.map { -$0 })
    #expect((dark.polarity, light.polarity) == (.darkOnLight, .lightOnDark))
    #expect((dark.width, dark.height) == (3, 1))
  }

  @Test func aGivenPolarityIsNotQuestioned() throws {
    let clear = try Image(width: 1, height: 1, color: [128, 128, 128, 0])
    #expect(clear.sketchLines(polarity: .lightOnDark).values == [-1])
    #expect(clear.sketchLines(polarity: .darkOnLight).values == [-1])
    let ink = try drawing(line: 0, paper: 255)
    #expect(ink.sketchLines(polarity: .lightOnDark).polarity == .lightOnDark)
  }
}
