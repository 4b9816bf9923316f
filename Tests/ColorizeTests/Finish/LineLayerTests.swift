// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing

/// Lines as a layer over colours.
struct LineLayerTests {
  private static let side = 96

  /// A drawing of vertical stripes, three pixels wide.
  private func stripes(_ line: [UInt8], on paper: [UInt8]) throws -> Image {
    let pixels = (0..<Self.side * Self.side).flatMap { pixel -> [UInt8] in
      let (x, y) = (pixel % Self.side, pixel / Self.side)
      return x % 16 < 3 && y > 8 && y < Self.side - 8 ? line : paper
    }
    return try Image(width: Self.side, height: Self.side, channels: line.count, pixels: pixels)
  }

  private func sheet(_ color: RGB) throws -> Image {
    try Image(width: Self.side, height: Self.side, color: [color.red, color.green, color.blue])
  }

  private func color(_ image: Image, _ x: Int, _ y: Int = 40) -> RGB {
    let start = (y * image.width + x) * image.channels
    return RGB(image.pixels[start], image.pixels[start + 1], image.pixels[start + 2])
  }

  /// A pencil's grey on paper darkens what is beneath it, dark colours as well, as multiplying by the drawing does.
  @Test(arguments: [UInt8(0), 60, 155]) func linesOnPaperDarken(ink: UInt8) throws {
    let drawing = try stripes([ink], on: [255])
    let layer = drawing.lineLayer()
    #expect(layer.blending == .multiply && layer.image.channels == 4)
    for below in [RGB(220, 20, 60), RGB(40, 30, 20), .white] {
      let colors = try sheet(below)
      #expect(try colors.lined(with: layer) == colors.multiplied(by: drawing))
    }
  }

  @Test func colouredLinesAreTheProductWithinALevel() throws {
    let drawing = try stripes([150, 60, 90], on: [255, 255, 255])
    for below in [RGB(220, 20, 60), RGB(33, 150, 201)] {
      let colors = try sheet(below)
      let (found, product) = (colors.lined(with: drawing.lineLayer()), try colors.multiplied(by: drawing))
      #expect(zip(found.pixels, product.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    }
  }

  /// Tinted paper with a grain is white paper: it leaves nothing on the colours.
  @Test func paperLeavesNothing() throws {
    var pixels = try stripes([90], on: [220]).pixels
    for index in pixels.indices where pixels[index] == 220 { pixels[index] = UInt8(217 + index * 7 % 5) }
    let scan = try Image(width: Self.side, height: Self.side, channels: 1, pixels: pixels)
    let over = try sheet(RGB(200, 100, 50)).lined(with: scan.lineLayer())
    #expect(color(over, 10) == RGB(200, 100, 50))
    let line = color(over, 1)
    #expect(line.red < 90 && line.green < 45)
  }

  /// A layer that comes with alpha is laid over as it is: white, coloured and half-transparent lines.
  @Test(arguments: [[255, 255, 255, 255], [255, 200, 220, 255], [0, 0, 0, 110], [230, 40, 40, 160]] as [[UInt8]])
  func linesOnTransparencyLieOver(line: [UInt8]) throws {
    let drawing = try stripes(line, on: [0, 0, 0, 0])
    let layer = drawing.lineLayer()
    #expect(layer.blending == .normal && layer.image == drawing)
    let over = try sheet(RGB(40, 90, 60)).lined(with: layer)
    #expect(color(over, 10) == RGB(40, 90, 60))
    func mixed(_ above: UInt8, _ below: Int) -> UInt8 {
      UInt8((Double(Int(above) * Int(line[3]) + below * (255 - Int(line[3]))) / 255).rounded())
    }
    #expect(color(over, 1) == RGB(mixed(line[0], 40), mixed(line[1], 90), mixed(line[2], 60)))
  }

  @Test func lightLinesOnADarkGroundLighten() throws {
    for ground in [UInt8(0), 30] {
      let layer = try stripes([240], on: [ground]).lineLayer(polarity: .lightOnDark)
      #expect(layer.blending == .screen)
      let over = try sheet(RGB(0, 0, 200)).lined(with: layer)
      #expect(color(over, 10) == RGB(0, 0, 200))
      let line = color(over, 1)
      #expect(line.red >= 235 && line.green >= 235 && line.blue >= 250)
    }
  }

  /// The white of a figure that is cut out is paper, and hides no colours.
  @Test func aCutOutFigureHasPaper() throws {
    let pixels = (0..<Self.side * Self.side).flatMap { pixel -> [UInt8] in
      let edge = max(abs(pixel % Self.side - 48), abs(pixel / Self.side - 48))
      return edge > 30 ? [0, 0, 0, 0] : edge > 27 ? [0, 0, 0, 255] : [255, 255, 255, 255]
    }
    let figure = try Image(width: Self.side, height: Self.side, channels: 4, pixels: pixels)
    #expect(!figure.hasAlphaOfLines)
    let layer = figure.lineLayer()
    #expect(layer.blending == .multiply)
    let over = try sheet(RGB(200, 100, 50)).lined(with: layer)
    #expect(
      color(over, 48, 48) == RGB(200, 100, 50) && color(over, 19, 48) == .black
        && color(over, 2, 2) == RGB(200, 100, 50))
    #expect(try stripes([0, 0, 0, 255], on: [0, 0, 0, 0]).hasAlphaOfLines)
    #expect(try !stripes([0, 0, 0, 255], on: [255, 255, 255, 255]).hasAlphaOfLines)
  }
}
