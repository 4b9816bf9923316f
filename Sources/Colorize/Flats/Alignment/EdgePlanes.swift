// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where a small picture has edges, and which way they run: what line art and a coloured picture of one thing have in
/// common, whatever stands between the edges.
///
/// The strength of an edge is the larger eigenvalue of the structure tensor over all channels (Di Zenzo 1986), cut off, so
/// that a strong contrast counts no more than a clear one; it goes to the two nearest of eight directions.
struct EdgePlanes {
  let width: Int
  let height: Int
  /// Row-major, a lane for each direction.
  let values: [SIMD8<Float>]
  /// The sum of the squares of each pixel's lanes.
  let squares: [Float]
  /// 1 for pixels that are part of the picture, 0 for the others.
  let shown: [Float]

  /// A step of CIELAB from pixel to pixel that is a clear edge.
  private static let clear: Float = 12

  /// - Parameters:
  ///   - colors: CIELAB, row-major.
  ///   - shown: which pixels are part of the picture; nil for all. The others have no edges.
  ///   - blur: the deviation of the Gaussian over the result, in pixels: how far apart two edges may lie and still agree.
  init(_ colors: [SIMD4<Float>], width: Int, height: Int, shown: [Bool]? = nil, blur: Float) {
    self.width = width
    self.height = height
    let smooth = Self.gaussian(0.7)
    let reach = smooth.count / 2
    let slope = smooth.indices.map { smooth[$0] * Float($0 - reach) / (0.7 * 0.7) }
    let steps = Self.filtered(
      Self.filtered(colors, width, height, slope, isRow: true), width, height, smooth, isRow: false)
    let drops = Self.filtered(
      Self.filtered(colors, width, height, smooth, isRow: true), width, height, slope, isRow: false)
    let edges: [SIMD8<Float>] = colors.indices.map { pixel in
      guard shown?[pixel] != false else { return .zero }
      let (x, y) = (steps[pixel], drops[pixel])
      return Self.edge((x * x).sum(), (x * y).sum(), (y * y).sum())
    }
    let kernel = Self.gaussian(blur)
    values = Self.filtered(
      Self.filtered(edges, width, height, kernel, isRow: true), width, height, kernel, isRow: false)
    squares = values.map { ($0 * $0).sum() }
    self.shown = shown?.map { $0 ? 1 : 0 } ?? [Float](repeating: 1, count: values.count)
  }

  /// The sum of the squares of all values.
  var energy: Float { squares.reduce(0, +) }

  /// The lanes of an edge by the structure tensor.
  private static func edge(_ xx: Float, _ xy: Float, _ yy: Float) -> SIMD8<Float> {
    let spread = ((xx - yy) * (xx - yy) / 4 + xy * xy).squareRoot()
    let strength = min(((xx + yy) / 2 + spread).squareRoot() / clear, 1)
    guard strength > 0.01 else { return .zero }
    // The direction is the same after half a turn.
    let turn = 0.5 * atan2f(2 * xy, xx - yy) / .pi * 8
    let place = turn < 0 ? turn + 8 : turn
    let lower = place.rounded(.down)
    let part = place - lower
    var lanes = SIMD8<Float>.zero
    lanes[Int(lower) & 7] += strength * (1 - part)
    lanes[(Int(lower) + 1) & 7] += strength * part
    return lanes
  }

  /// The taps of a Gaussian, out to three deviations.
  private static func gaussian(_ deviation: Float) -> [Float] {
    let reach = max(1, Int((3 * deviation).rounded(.up)))
    let taps = (-reach...reach).map { expf(-Float($0 * $0) / (2 * deviation * deviation)) }
    let sum = taps.reduce(0, +)
    return taps.map { $0 / sum }
  }

  /// Filtered along rows or columns; beyond the picture its last pixel goes on.
  private static func filtered<Value: SIMD>(
    _ values: [Value], _ width: Int, _ height: Int, _ taps: [Float], isRow: Bool
  ) -> [Value] where Value.Scalar == Float {
    let reach = taps.count / 2
    let (extent, step) = isRow ? (width, 1) : (height, width)
    // How far each tap reads from a place, by place.
    let shifts = (0..<extent).flatMap { place in
      taps.indices.map { (min(max(place + $0 - reach, 0), extent - 1) - place) * step }
    }
    return [Value](unsafeUninitializedCapacity: values.count) { target, count in
      values.withUnsafeBufferPointer { values in
        shifts.withUnsafeBufferPointer { shifts in
          taps.withUnsafeBufferPointer { taps in
            for y in 0..<height {
              for x in 0..<width {
                let pixel = y * width + x
                let first = (isRow ? x : y) * taps.count
                var sum = Value.zero
                for tap in 0..<taps.count { sum += values[pixel + shifts[first + tap]] * taps[tap] }
                target[pixel] = sum
              }
            }
          }
        }
      }
      count = values.count
    }
  }
}
