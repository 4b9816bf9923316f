// SPDX-License-Identifier: Apache-2.0

/// Finds where a picture has thin lines that are darker than what lies on both of their sides: its outlines. Dark fills are
/// broader.
///
/// What a closing of the lightness by a square of three pixels makes lighter (a black top-hat: Serra, “Image Analysis and
/// Mathematical Morphology”, 1982).
enum ThinLines {
  /// What a line is darker by than its sides, in CIELAB's lightness. The shades of drawn hair and cloth differ by less.
  private static let contrast: Float = 20

  /// - Parameter lightness: CIELAB's, row-major, of few pixels.
  static func mask(_ lightness: [Float], width: Int, height: Int) -> PlaceMask {
    let spread = extremes(lightness, width: width, height: height, max)
    let closed = extremes(spread, width: width, height: height, min)
    return PlaceMask(width: width, height: height, values: zip(closed, lightness).map { $0 - $1 > contrast })
  }

  /// The largest or the least value of each pixel and its eight neighbours.
  private static func extremes(
    _ values: [Float], width: Int, height: Int, _ choose: (Float, Float) -> Float
  ) -> [Float] {
    func along(_ values: [Float], step: Int, place: (Int) -> Int, count: Int) -> [Float] {
      values.indices.map { pixel in
        var value = values[pixel]
        if place(pixel) > 0 { value = choose(value, values[pixel - step]) }
        if place(pixel) < count - 1 { value = choose(value, values[pixel + step]) }
        return value
      }
    }
    let across = along(values, step: 1, place: { $0 % width }, count: width)
    return along(across, step: width, place: { $0 / width }, count: height)
  }
}
