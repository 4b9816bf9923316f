// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

@Suite struct ImageResizingTests {
  @Test(arguments: [(5, 8), (27, 22), (7, 31), (15, 6), (1, 1)])
  func agreesWithDoublePrecision(width: Int, height: Int) throws {
    let source = try Image.load(ImageFixtures.path("resize-source.png"))
    let resized = try source.resized(width: width, height: height)
    let expected = try ImageFixtures.expected("resize-\(width)x\(height)")
    // 32-bit sums may fall on the other side of a half.
    #expect(largestDifference(resized, expected) <= 1)
    #expect(zip(resized.pixels, expected.pixels).filter { $0 != $1 }.count * 200 <= resized.pixels.count)
    #expect(try source.resized(width: width, height: height) == resized)
  }

  @Test func theSameSizeChangesNothing() throws {
    let source = try Image.load(ImageFixtures.path("rgba8.png"))
    #expect(try source.resized(width: source.width, height: source.height) == source)
  }

  @Test(arguments: [1, 3, 4])
  func onePlainColorStaysSo(channels: Int) throws {
    for value in [UInt8(0), 1, 77, 254, 255] {
      let plain = try Image(width: 5, height: 9, color: [UInt8](repeating: value, count: channels - 1) + [255])
      for (width, height) in [(1, 1), (3, 20), (64, 64), (2, 8)] {
        let resized = try plain.resized(width: width, height: height)
        #expect(resized == (try Image(width: width, height: height, color: Array(plain.pixels.prefix(channels)))))
      }
    }
  }

  @Test func averagesFinePatterns() throws {
    // A checkerboard: without antialias it would come out black or white.
    let pixels = (0..<4096).map { ($0 + $0 / 64) % 2 == 0 ? UInt8(0) : 255 }
    let board = try Image(width: 64, height: 64, channels: 1, pixels: pixels)
    #expect(try board.resized(width: 8, height: 8).pixels.allSatisfy { abs(Int($0) - 128) <= 4 })
  }

  @Test func isSymmetric() throws {
    let row: [UInt8] = [3, 90, 200, 17, 255, 0, 66]
    let forward = try Image(width: 7, height: 1, channels: 1, pixels: row)
    let backward = try Image(width: 7, height: 1, channels: 1, pixels: row.reversed())
    for width in [2, 3, 4, 10, 21] {
      let first = try forward.resized(width: width, height: 1).pixels
      let second = try backward.resized(width: width, height: 1).pixels
      #expect(zip(first, second.reversed()).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    }
  }

  @Test func hiddenColorsDoNotBleed() throws {
    // A red pixel beside a transparent green one: no yellow in between, and no dark fringe.
    let image = try Image(width: 2, height: 1, channels: 4, pixels: [255, 0, 0, 255, 0, 255, 0, 0])
    let resized = try image.resized(width: 9, height: 1)
    for x in 0..<9 where resized.pixels[x * 4 + 3] > 0 {
      #expect(Array(resized.pixels[x * 4..<x * 4 + 3]) == [255, 0, 0])
    }
    #expect(try image.resized(width: 1, height: 1).pixels == [255, 0, 0, 128])
    let clear = try Image(width: 4, height: 4, color: [9, 9, 9, 0]).resized(width: 2, height: 2)
    #expect(clear.pixels.allSatisfy { $0 == 0 })
  }

  @Test(arguments: [(0, 1), (1, 0), (-5, 5), (16_385, 1), (16_384, 16_384), (Int.max, Int.max)])
  func refusesSizes(width: Int, height: Int) throws {
    let image = try Image(width: 2, height: 2, color: [0])
    #expect(throws: ImageError.self) { try image.resized(width: width, height: height) }
    #expect(throws: ImageError.self) { try Mask(image).resized(width: width, height: height) }
  }

  @Test func reachesTheLimits() throws {
    let wide = try Image(width: 2, height: 1, color: [40]).resized(width: 16_384, height: 1)
    #expect(wide.pixels.allSatisfy { $0 == 40 })
    #expect(try wide.resized(width: 1, height: 1).pixels == [40])
  }
}
