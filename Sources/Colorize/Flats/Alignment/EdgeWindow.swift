// SPDX-License-Identifier: Apache-2.0

/// A part of a drawing's edges, to be compared with places in a view of a reference.
struct EdgeWindow {
  let width: Int
  let height: Int
  /// The window's values, row-major, and what it leaves of the edges and of their squares.
  private let weights: [Float]
  private let values: [SIMD8<Float>]
  private let squares: [Float]
  /// The sum of what it leaves of the squares.
  let energy: Float
  /// Pixels that are the unit of places.
  let unit: Double
  /// The middle of its box, in the units of ``AffineMap``.
  let middle: SIMD2<Double>

  /// The least that a window's pixels have of edges, on average: a line that crosses it has more.
  private static let leastDrawn: Float = 0.01
  /// Where less of the reference's edges than this is in the window, there is nothing to compare.
  private static let leastSeen: Float = 0.02

  /// - Parameters:
  ///   - weights: one for each pixel of the box, row-major.
  init(x: Range<Int>, y: Range<Int>, weights: [Float], of drawing: EdgePlanes) {
    (width, height) = (x.count, y.count)
    self.weights = weights
    let pixels = y.flatMap { row in x.map { row * drawing.width + $0 } }
    values = zip(pixels, weights).map { drawing.values[$0] * $1 }
    squares = zip(pixels, weights).map { drawing.squares[$0] * $1 }
    energy = squares.reduce(0, +)
    unit = Double(max(drawing.width, drawing.height))
    let frame = SIMD2(Double(drawing.width), Double(drawing.height))
    middle = (SIMD2(Double(x.lowerBound + x.upperBound), Double(y.lowerBound + y.upperBound)) - frame) / 2 / unit
  }

  /// Whether there is enough to compare.
  var isDrawn: Bool { energy > Self.leastDrawn * weights.reduce(0, +) }

  /// How well the window agrees with a place of a view: the cosine of their edges, and the share of its own edges that the
  /// view's picture reaches; nil where that is less than `least`, or where the picture has hardly an edge.
  func agreement(_ view: EdgePlanes, x: Int, y: Int, least: Float) -> (score: Float, shown: Float)? {
    let sums = sums(view, x, y)
    let shown = min(sums.drawn / energy, 1)
    guard shown > least, sums.seen > Self.leastSeen * energy else { return nil }
    return (sums.product / (sums.drawn * sums.seen).squareRoot(), shown)
  }

  private func sums(_ view: EdgePlanes, _ x: Int, _ y: Int) -> EdgeAgreement {
    var products = SIMD8<Float>.zero
    var (drawn, seen) = (EdgeAgreement.Sum(), EdgeAgreement.Sum())
    values.withUnsafeBufferPointer { own in
      view.values.withUnsafeBufferPointer { other in
        for row in 0..<height {
          products += EdgeAgreement.products(own, row * width, other, (row + y) * view.width + x, count: width)
        }
      }
    }
    squares.withUnsafeBytes { squares in
      weights.withUnsafeBytes { weights in
        view.shown.withUnsafeBytes { shown in
          view.squares.withUnsafeBytes { others in
            for row in 0..<height {
              let (from, to) = (row * width, (row + y) * view.width + x)
              drawn.add(squares, from, shown, to, count: width)
              seen.add(weights, from, others, to, count: width)
            }
          }
        }
      }
    }
    return EdgeAgreement(product: products.sum(), drawn: drawn.value, seen: seen.value)
  }
}

extension ColorPyramid {
  /// The edges of what a window sees through a map, with `reach` pixels more on every side.
  func edges(seenBy window: EdgeWindow, through map: AffineMap, reach: Int, blur: Float) -> EdgePlanes {
    edges(
      through: map.shifted(by: window.middle),
      frame: (width: window.width + 2 * reach, height: window.height + 2 * reach),
      unit: window.unit, blur: blur)
  }
}
