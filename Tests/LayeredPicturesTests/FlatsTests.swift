// SPDX-License-Identifier: Apache-2.0

import Colorize
import LayeredPictures
import Testing
import TestSupport

struct FlatsTests {
  private static let red = RGB(200, 10, 20)
  private static let blue = RGB(0, 0, 255)

  /// Five columns and three rows: region 0 in two parts, 1 and 3 of one colour, 2 without a pixel, 9 of no region.
  private static let labels: [UInt32] = [
    0, 0, 1, 9, 0,
    1, 1, 1, 9, 3,
    0, .max, 3, 3, 3,
  ]

  @Test func regionsBecomeLayers() throws {
    let layers = try Layer.flats(
      labels: Self.labels, width: 5, height: 3, colors: [Self.red, Self.blue, .white, Self.blue],
      names: ["Skin", nil, "None", ""],
      by: .region)
    // Four pixels each: the first region first.
    #expect(layers.map(\.name) == ["Skin", "Region 2 #0000FF", "Region 4 #0000FF"])
    let read = try PhotoshopReader(
      try LayeredPicture(width: 5, height: 3, layers: layers).data(as: .photoshop))
    for (layer, region) in zip(read.layers, [UInt32(0), 1, 3]) {
      for y in 0..<3 {
        for x in 0..<5 { #expect((layer.pixel(x, y)[3] == 255) == (Self.labels[5 * y + x] == region)) }
      }
    }
    #expect(read.layers[0].pixel(0, 0) == [200, 10, 20, 255])
    // Cut to what is covered.
    #expect(read.layers[1].x == 0 && read.layers[1].y == 0 && read.layers[1].width == 3 && read.layers[1].height == 2)
  }

  @Test func coloursBecomeLayers() throws {
    let layers = try Layer.flats(
      labels: Self.labels, width: 5, height: 3, colors: [Self.red, Self.blue, .white, Self.blue],
      names: ["Skin", "Coat", nil, "Boots"])
    #expect(layers.map(\.name) == ["Coat, Boots", "Skin"])
    let merged = try LayeredPicture(width: 5, height: 3, layers: layers).merged()
    for (pixel, label) in Self.labels.enumerated() {
      let expected: [UInt8] = label == 0 ? [200, 10, 20, 255] : label < 4 ? [0, 0, 255, 255] : [0, 0, 0, 0]
      #expect(Array(merged.pixels[4 * pixel..<4 * pixel + 4]) == expected)
    }
  }

  @Test func labelsOfAnotherSizeAreRefused() {
    #expect(throws: LayeredPictureError.self) {
      try Layer.flats(labels: [0, 0], width: 3, height: 1, colors: [.white])
    }
    #expect(throws: LayeredPictureError.self) { try Layer.flats(labels: [], width: 0, height: .max, colors: []) }
    #expect(throws: LayeredPictureError.self) { try Layer.flats(labels: [], width: .max, height: .max, colors: []) }
  }

  @Test func randomCoverageIsExact() throws {
    var generator = SplitMix64(state: 3)
    for (width, height) in [(1, 1), (1, 40), (40, 1), (33, 17)] {
      let labels = (0..<width * height).map { _ in UInt32(truncatingIfNeeded: generator.next() % 5) }
      let colors = (0..<4).map { RGB(UInt8($0), 100, UInt8(255 - $0)) }
      let layers = try Layer.flats(labels: labels, width: width, height: height, colors: colors, by: .region)
      guard !layers.isEmpty else { continue }
      let merged = try LayeredPicture(width: width, height: height, layers: layers).merged()
      for (pixel, label) in labels.enumerated() {
        let expected: [UInt8] = label < 4 ? [UInt8(label), 100, UInt8(255 - label), 255] : [0, 0, 0, 0]
        let step = merged.channels
        #expect(Array(merged.pixels[step * pixel..<step * (pixel + 1)]) == Array(expected.prefix(step)))
      }
    }
  }

  @Test func masksAreColourWithCoverage() throws {
    let mask = try Image(width: 3, height: 1, channels: 1, pixels: [0, 127, 255])
    let soft = try Layer.fill(name: "soft", color: Self.red, mask: mask, x: 1)
    let hard = Layer.fill(name: "hard", color: Self.blue, coverage: try Coverage(mask: mask))
    let read = try PhotoshopReader(try LayeredPicture(width: 4, height: 1, layers: [soft, hard]).data(as: .photoshop))
    #expect((0..<4).map { read.layers[0].pixel($0, 0)[3] } == [0, 0, 127, 255])
    #expect(read.layers[0].pixel(2, 0) == [200, 10, 20, 127])
    #expect((0..<4).map { read.layers[1].pixel($0, 0)[3] } == [0, 0, 255, 0])
    let colored = try Image(width: 1, height: 1, color: [1, 2, 3])
    #expect(throws: LayeredPictureError.self) { try Layer.fill(name: "", color: .white, mask: colored) }
    #expect(throws: LayeredPictureError.self) { try Coverage(mask: colored) }
  }
}
