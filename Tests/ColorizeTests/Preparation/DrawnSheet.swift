// SPDX-License-Identifier: Apache-2.0

import Colorize
import Testing
import TestSupport

/// A sheet with a drawing of known lines, in the proportions of A4, and what else is on it.
struct DrawnSheet {
  static let (width, height) = (700, 990)
  /// Pixels to a millimetre.
  static let scale = Double(width) / 210

  /// Frames and diagonals, three pixels wide, away from the edges.
  static func isLine(_ x: Int, _ y: Int) -> Bool {
    let (u, v) = (abs(x - width / 2), abs(y - height / 2))
    guard u < 250, v < 370 else { return false }
    return max(u, v * 2 / 3) % 80 < 3 || (u + v) % 140 < 4
  }

  /// Red, green and blue, 0...255.
  var pixels: [Double]

  /// - Parameters:
  ///   - paper: of each channel.
  ///   - ink: the share of the light that lines leave.
  init(paper: [Double] = [246, 245, 240], ink: Double = 0.18) {
    pixels = (0..<Self.width * Self.height).flatMap { index in
      Self.isLine(index % Self.width, index / Self.width) ? paper.map { $0 * ink } : paper
    }
  }

  /// Puts one colour over what a shape in millimetres covers.
  mutating func put(_ color: Double, where covers: (_ x: Double, _ y: Double) -> Bool) {
    for index in 0..<Self.width * Self.height
    where covers(Double(index % Self.width) / Self.scale, Double(index / Self.width) / Self.scale) {
      for channel in 0..<3 { pixels[index * 3 + channel] = color }
    }
  }

  mutating func disc(_ x: Double, _ y: Double, _ diameter: Double, _ color: Double) {
    put(color) { ($0 - x) * ($0 - x) + ($1 - y) * ($1 - y) <= diameter * diameter / 4 }
  }

  mutating func bar(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ color: Double) {
    put(color) { abs($0 - x) <= width / 2 && abs($1 - y) <= height / 2 }
  }

  /// Takes a share of each channel's light at some pixels.
  mutating func print(_ light: [Double], where covers: (_ x: Int, _ y: Int) -> Bool) {
    for index in 0..<Self.width * Self.height where covers(index % Self.width, index / Self.width) {
      for channel in 0..<3 { pixels[index * 3 + channel] *= light[channel] }
    }
  }

  /// The picture, with the grain of a scan.
  ///
  /// - Parameter grain: in levels, to both sides.
  func image(grain: Double = 4) throws -> Image {
    var random = SplitMix64(state: 11)
    let samples = pixels.map { value -> UInt8 in
      let noise = grain > 0 ? Double.random(in: -grain...grain, using: &random) : 0
      return UInt8(min(max((value + noise).rounded(), 0), 255))
    }
    return try Image(width: Self.width, height: Self.height, channels: 3, pixels: samples)
  }

  /// As the network sees it.
  static func prepared(_ image: Image) throws -> PreparedSketch { try image.prepared(width: 224, height: 316) }

  /// What is left of the lines in the drawing's own pixels, and what is left beside them.
  struct Remains {
    /// The share of the lines' pixels that are dark still.
    var lines = 0.0
    /// How many pixels away from the lines are dark.
    var stains = 0
  }

  /// - Parameter dark: What is darker is ink.
  static func remains(in image: Image, dark: UInt8 = 170) -> Remains {
    var (lines, found, stains) = (0, 0, 0)
    for y in 0..<height {
      for x in 0..<width {
        let start = (y * width + x) * image.channels
        let isDark = image.pixels[start..<start + image.channels].contains { $0 < dark }
        if isLine(x, y) {
          lines += 1
          if isDark { found += 1 }
        } else if isDark {
          stains += 1
        }
      }
    }
    return Remains(lines: Double(found) / Double(lines), stains: stains)
  }

  /// The same of the network's picture, against that of the drawing alone.
  ///
  /// - Parameters:
  ///   - image: what became of the sheet.
  ///   - truth: what becomes of the drawing on clean paper.
  static func remains(in image: Image, besides truth: Image) -> Remains {
    let (width, height) = (truth.width, truth.height)
    var (lines, found, stains) = (0, 0, 0)
    for y in 0..<height {
      for x in 0..<width {
        let value = image.pixels[y * width + x]
        if truth.pixels[y * width + x] < 100 {
          lines += 1
          if value < 150 { found += 1 }
        } else if value < 180 {
          let isNear = (max(0, y - 1)...min(height - 1, y + 1)).contains { row in
            (max(0, x - 1)...min(width - 1, x + 1)).contains { truth.pixels[row * width + $0] < 200 }
          }
          if !isNear { stains += 1 }
        }
      }
    }
    return Remains(lines: Double(found) / Double(max(lines, 1)), stains: stains)
  }

  /// The drawing alone, black on white, as the network sees it.
  static func truth() throws -> Image {
    try prepared(DrawnSheet(paper: [255, 255, 255], ink: 0).image(grain: 0)).image
  }
}
