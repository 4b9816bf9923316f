// SPDX-License-Identifier: Apache-2.0

/// Finds what of a picture can be reached from its edges without crossing a line or an edge: most of its ground, whatever of the
/// figure the picture's edges cut aside.
enum OpenGround {
  /// A step of CIELAB between neighbouring pixels that is an edge. Gradients have smaller ones.
  private static let edge: Float = 5

  /// - Parameter colors: CIELAB, row-major, of few pixels.
  static func mask(_ colors: [SIMD4<Float>], width: Int, height: Int) -> PlaceMask {
    var isOpen = [Bool](repeating: false, count: colors.count)
    var waiting: [Int] = []
    for pixel in colors.indices {
      let (x, y) = (pixel % width, pixel / width)
      if x == 0 || y == 0 || x == width - 1 || y == height - 1 {
        isOpen[pixel] = true
        waiting.append(pixel)
      }
    }
    while let pixel = waiting.popLast() {
      let (x, y) = (pixel % width, pixel / width)
      for (next, isInside) in [
        (pixel - 1, x > 0), (pixel + 1, x < width - 1), (pixel - width, y > 0), (pixel + width, y < height - 1),
      ] where isInside && !isOpen[next] {
        let step = colors[next] - colors[pixel]
        guard (step * step).sum() < edge * edge else { continue }
        isOpen[next] = true
        waiting.append(next)
      }
    }
    return PlaceMask(width: width, height: height, values: isOpen)
  }
}
