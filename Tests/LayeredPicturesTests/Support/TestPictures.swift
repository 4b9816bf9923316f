// SPDX-License-Identifier: Apache-2.0

import Colorize
import LayeredPictures
import Testing
import TestSupport

/// A layer as a test wants it, apart from the library's own: what the file must hold.
struct ExpectedLayer: Sendable {
  var name: String
  /// Nil for a group.
  var image: Image?
  var x = 0
  var y = 0
  var opacity: UInt8 = 255
  var mode = BlendMode.normal
  var isVisible = true
  var isLocked = false
  var children: [ExpectedLayer] = []

  var layer: Layer {
    guard let image else {
      return .group(
        name: name, children.map(\.layer), opacity: Double(opacity) / 255, blendMode: mode, isVisible: isVisible,
        isLocked: isLocked)
    }
    return .image(
      name: name, image, x: x, y: y, opacity: Double(opacity) / 255, blendMode: mode, isVisible: isVisible,
      isLocked: isLocked)
  }
}

/// A picture with what it must hold.
struct TestPicture: Sendable, CustomTestStringConvertible {
  let name: String
  let width: Int
  let height: Int
  var resolution: Double?
  let layers: [ExpectedLayer]

  var testDescription: String { name }

  func picture() throws -> LayeredPicture {
    try LayeredPicture(width: width, height: height, resolution: resolution, layers: layers.map(\.layer))
  }

  /// Small ones, each after something of its own.
  static func all() throws -> [TestPicture] {
    [
      try onePixel(), try names(), try places(), try modes(), try halfTransparentModes(), try dodgeAndBurn(),
      try groups(), try manyLayers(), try compression(),
    ]
  }

  /// Blocks of random colours; alpha is often 0 or 255.
  static func noise(_ width: Int, _ height: Int, channels: Int, seed: UInt64, block: Int = 1) throws -> Image {
    var generator = SplitMix64(state: seed)
    let columns = (width + block - 1) / block
    let cells = (0..<columns * ((height + block - 1) / block)).map { _ in generator.next() }
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        let cell = cells[y / block * columns + x / block]
        for channel in 0..<channels {
          let sample = UInt8(truncatingIfNeeded: cell >> (8 * UInt64(channel)))
          let kind = cell >> 60
          pixels.append(channel < 3 || kind < 8 ? sample : kind < 12 ? 255 : 0)
        }
      }
    }
    return try Image(width: width, height: height, channels: channels, pixels: pixels)
  }

  private static func onePixel() throws -> TestPicture {
    TestPicture(
      name: "one-pixel", width: 1, height: 1, resolution: 600,
      layers: [ExpectedLayer(name: "dot", image: try Image(width: 1, height: 1, color: [10, 200, 30]))])
  }

  private static func names() throws -> TestPicture {
    let names = [
      "", " ", "plain", "a<b>&\"c\" 'd'", "髪の毛", "Haut – Ärmel", "👩🏽‍🎨 colour", "tab\tand\nline",
      String(repeating: "long ", count: 40),
      "x/../y.png", "]]>", "e\u{301}",
    ]
    return TestPicture(
      name: "names", width: 13, height: 7, resolution: 350.5,
      layers: try names.enumerated().map { index, name in
        ExpectedLayer(name: name, image: try noise(13, 7, channels: 4, seed: UInt64(index)), isLocked: index % 3 == 0)
      })
  }

  private static func places() throws -> TestPicture {
    var layers = [ExpectedLayer(name: "grey", image: try noise(31, 17, channels: 1, seed: 1))]
    let places = [(-3, -2), (25, 12), (-40, 5), (31, 0), (5, 17), (100, -50), (3, 4)]
    for (index, place) in places.enumerated() {
      layers.append(
        ExpectedLayer(
          name: "at \(place.0), \(place.1)", image: try noise(9, 8, channels: 3 + index % 2, seed: UInt64(index)),
          x: place.0, y: place.1))
    }
    layers.append(ExpectedLayer(name: "empty", image: try Image(width: 4, height: 4, color: [9, 8, 7, 0])))
    // A single pixel within a transparent margin.
    var pixels = [UInt8](repeating: 0, count: 20 * 10 * 4)
    pixels.replaceSubrange((7 * 20 + 11) * 4..<(7 * 20 + 12) * 4, with: [1, 2, 3, 4])
    layers.append(
      ExpectedLayer(name: "margin", image: try Image(width: 20, height: 10, channels: 4, pixels: pixels), x: 2, y: 3))
    return TestPicture(name: "places", width: 31, height: 17, layers: layers)
  }

  /// A stripe for each mode, side by side, as they are or through half of their opacity.
  private static func stripes(_ modes: [BlendMode], height: Int, seed: UInt64) throws -> [ExpectedLayer] {
    try modes.enumerated().map { index, mode in
      ExpectedLayer(
        name: mode.rawValue, image: try noise(6, height, channels: 4, seed: seed + UInt64(index), block: 2),
        x: 6 * index,
        opacity: index % 2 == 0 ? 255 : 128, mode: mode)
    }
  }

  private static let usualModes = BlendMode.allCases.filter { $0 != .colorDodge && $0 != .colorBurn }

  private static func modes() throws -> TestPicture {
    let below = ExpectedLayer(name: "below", image: try noise(50, 40, channels: 3, seed: 77, block: 3))
    return TestPicture(
      name: "modes", width: 50, height: 40, layers: try [below] + stripes(usualModes, height: 40, seed: 0))
  }

  private static func halfTransparentModes() throws -> TestPicture {
    let below = ExpectedLayer(name: "below", image: try noise(50, 30, channels: 4, seed: 5, block: 5))
    return TestPicture(
      name: "half-transparent-modes", width: 50, height: 30,
      layers: try [below] + stripes(usualModes, height: 25, seed: 20) + [
        ExpectedLayer(
          name: "hidden", image: try Image(width: 50, height: 30, color: [255, 0, 0]), isVisible: false),
        ExpectedLayer(name: "no opacity", image: try Image(width: 50, height: 30, color: [0, 255, 0]), opacity: 0),
      ])
  }

  /// Apart from the other modes, as not every program takes the same formula.
  private static func dodgeAndBurn() throws -> TestPicture {
    let below = ExpectedLayer(name: "below", image: try noise(26, 20, channels: 4, seed: 8, block: 2))
    return TestPicture(
      name: "dodge-and-burn", width: 26, height: 20,
      layers: try [below] + stripes([.colorDodge, .colorDodge, .colorBurn, .colorBurn], height: 20, seed: 50))
  }

  static func groups() throws -> TestPicture {
    func leaf(_ name: String, _ seed: UInt64, _ mode: BlendMode = .normal, opacity: UInt8 = 255) throws -> ExpectedLayer
    {
      ExpectedLayer(
        name: name, image: try noise(24, 20, channels: 4, seed: seed, block: 4), x: Int(seed), y: 1, opacity: opacity,
        mode: mode)
    }
    let inner = ExpectedLayer(
      name: "inner", opacity: 100, mode: .multiply, children: [try leaf("a", 1), try leaf("b", 2, .screen)])
    let outer = ExpectedLayer(
      name: "outer", children: [try leaf("c", 3), inner, try leaf("d", 4, .multiply, opacity: 130)])
    let hidden = ExpectedLayer(name: "hidden group", isVisible: false, children: [try leaf("e", 5)])
    let faint = ExpectedLayer(
      name: "faint", opacity: 77, isLocked: true, children: [try leaf("f", 6), try leaf("g", 7)])
    return TestPicture(
      name: "groups", width: 33, height: 21,
      layers: [
        ExpectedLayer(name: "paper", image: try noise(33, 21, channels: 3, seed: 9, block: 7)), outer, hidden,
        ExpectedLayer(name: "empty group"), faint,
      ])
  }

  private static func manyLayers() throws -> TestPicture {
    TestPicture(
      name: "many-layers", width: 40, height: 30,
      layers: try (0..<300).map { index in
        ExpectedLayer(
          name: "layer \(index)", image: try noise(5, 4, channels: 4, seed: UInt64(index)), x: index * 7 % 38,
          y: index * 5 % 29, mode: index % 4 == 0 ? .multiply : .normal)
      })
  }

  /// Rows that end a run or a stretch without one at every length around PackBits' limits.
  private static func compression() throws -> TestPicture {
    let width = 520
    var generator = SplitMix64(state: 4)
    var pixels: [UInt8] = []
    for y in 0..<64 {
      for x in 0..<width {
        let length = 1 + (x < 260 ? y : 126 + y / 8)
        let grey = (x / length) % 2 == 0 ? UInt8(truncatingIfNeeded: generator.next()) : UInt8(y)
        pixels += [grey, UInt8(truncatingIfNeeded: x / max(1, y)), UInt8(x % 3 / 2 * 255), x % 131 < y ? 0 : 255]
      }
    }
    return TestPicture(
      name: "compression", width: width, height: 64,
      layers: [ExpectedLayer(name: "rows", image: try Image(width: width, height: 64, channels: 4, pixels: pixels))])
  }
}
