// SPDX-License-Identifier: Apache-2.0

/// How far the levels of what is taken for paper are from such as light makes: a cubic surface over the sheet.
///
/// Light on paper changes gradually, with a shadow here and there; the tones of a photograph go up and down all over.
enum LightSurface {
  /// The terms `x^i y^j` with `i + j <= 3`.
  private static let terms = (0...3).flatMap { i in (0...3 - i).map { j in (i, j) } }
  /// Levels that are looked at, at most, about.
  private static let samples = 4096

  /// The distance from the surface that three in four pixels do not exceed, as a share of the paper's tone.
  ///
  /// - Parameters:
  ///   - luma: `[height, width]`.
  ///   - isPaper: which of them count.
  static func residual(of luma: [Float], where isPaper: [Bool], plane: MaskPlane, tone: Float) -> Float {
    let step = max(1, Int((Double(luma.count) / Double(samples)).squareRoot()))
    var points: [(terms: [Double], level: Double)] = []
    for y in stride(from: 0, to: plane.height, by: step) {
      for x in stride(from: 0, to: plane.width, by: step) where isPaper[y * plane.width + x] {
        let u = 2 * Double(x) / Double(plane.width) - 1
        let v = 2 * Double(y) / Double(plane.height) - 1
        points.append((terms.map { power(u, $0.0) * power(v, $0.1) }, Double(luma[y * plane.width + x])))
      }
    }
    guard points.count > 8 * terms.count else { return 0 }
    var distances: [Double] = []
    var most = Double.infinity
    // What lies far from it takes no part in the next fit: a shadow is no part of the surface.
    for _ in 0..<3 {
      guard
        let fit = solution(
          points.enumerated().filter { distances.isEmpty || distances[$0.offset] <= most }.map(\.element))
      else { return 0 }
      distances = points.map { point in abs(zip(point.terms, fit).reduce(0) { $0 + $1.0 * $1.1 } - point.level) }
      most = distances.sorted()[distances.count * 17 / 20]
    }
    return Float(distances.sorted()[distances.count * 3 / 4]) / max(tone, 1)
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { value, _ in value * base }
  }

  /// The least-squares fit, by the normal equations; nil where the points do not say.
  private static func solution(_ points: [(terms: [Double], level: Double)]) -> [Double]? {
    let count = terms.count
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: count + 1), count: count)
    for point in points {
      for row in 0..<count {
        for column in 0..<count { matrix[row][column] += point.terms[row] * point.terms[column] }
        matrix[row][count] += point.terms[row] * point.level
      }
    }
    for pivot in 0..<count {
      let best = (pivot..<count).max { abs(matrix[$0][pivot]) < abs(matrix[$1][pivot]) } ?? pivot
      matrix.swapAt(pivot, best)
      guard abs(matrix[pivot][pivot]) > 1e-9 else { return nil }
      for row in 0..<count where row != pivot {
        let factor = matrix[row][pivot] / matrix[pivot][pivot]
        for column in pivot...count { matrix[row][column] -= factor * matrix[pivot][column] }
      }
    }
    return (0..<count).map { matrix[$0][count] / matrix[$0][$0] }
  }
}
