// SPDX-License-Identifier: Apache-2.0

import Colorize

/// The lines that are seen in a picture, one pixel broad.
///
/// A line is what is thin and darker than its surroundings, or, away from these, a step from one colour to another.
public struct FoundLines: Sendable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// `[height, width]`, row-major: whether a line runs there.
  public let isLine: [Bool]

  /// Lines are at most this broad, in pixels.
  static let broadest = 9
  /// They are darker than what lies around them by so many of 255 steps of luma.
  static let leastDarkness = 40
  /// A step is at least so large: the distance in CIELAB of colours four pixels apart.
  static let leastStep = 20.0

  /// Finds the lines of a picture, or of a sketch.
  public init(_ image: Image) {
    let picture = image.composited()
    let luma = picture.grey.pixels.map(Int.init)
    let (width, height) = (image.width, image.height)
    self.width = width
    self.height = height
    let radius = Self.broadest / 2
    let closed = extremes(extremes(luma, width, height, radius, max), width, height, radius, min)
    var found = zip(closed, luma).map { $0 - $1 >= Self.leastDarkness }
    let near = grown(found, width, height, 3)
    let lab = LabPicture(picture).colors
    func step(_ a: Int, _ b: Int) -> Bool {
      let (x, y) = (lab[a], lab[b])
      let (l, u, v) = (x.lightness - y.lightness, x.a - y.a, x.b - y.b)
      return l * l + u * u + v * v >= Self.leastStep * Self.leastStep
    }
    for y in 0..<height {
      for x in 0..<width where !near[y * width + x] {
        let pixel = y * width + x
        if x >= 2, x + 2 < width, step(pixel - 2, pixel + 2) { found[pixel] = true }
        if y >= 2, y + 2 < height, step(pixel - 2 * width, pixel + 2 * width) { found[pixel] = true }
      }
    }
    isLine = thinned(found, width, height)
  }

  /// Lines that are given.
  init(width: Int, height: Int, isLine: [Bool]) {
    self.width = width
    self.height = height
    self.isLine = isLine
  }

  /// How well lines match those of a drawing.
  public struct Match: Sendable, Codable {
    /// The share of the lines found that the drawing has.
    public let precision: Double
    /// The share of the drawing's lines that are found.
    public let recall: Double
    /// `2 p r / (p + r)`.
    public var f1: Double { precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0 }
  }

  /// Compares with the lines of a drawing of the same size.
  ///
  /// - Parameter tolerance: how far apart lines may lie, in pixels.
  /// - Returns: nil if the drawing has none.
  public func match(_ drawing: FoundLines, tolerance: Int = 2) -> Match? {
    guard drawing.width == width, drawing.height == height, drawing.isLine.contains(true) else { return nil }
    func share(_ lines: [Bool], in others: [Bool]) -> Double {
      let near = grown(others, width, height, tolerance)
      var (total, hits) = (0, 0)
      for (index, isLine) in lines.enumerated() where isLine {
        total += 1
        if near[index] { hits += 1 }
      }
      return total > 0 ? Double(hits) / Double(total) : 0
    }
    return Match(precision: share(isLine, in: drawing.isLine), recall: share(drawing.isLine, in: isLine))
  }
}
