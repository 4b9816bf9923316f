// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Glibc

/// Softmax, norms, reductions and attention by their definitions.
enum NormalizationOracle {
  /// `softmax(scale * x)` of each row. An error of the logits becomes a relative error of the result, so the magnitude
  /// has the logits' sizes in it.
  static func softmax(_ x: Values, scale: Double) -> Expectation {
    let width = x.shape[x.shape.rank - 1]
    var result = Expectation([])
    for start in stride(from: 0, to: x.elements.count, by: max(width, 1)) {
      let logits = x.elements[start..<start + width].map { $0 * scale }
      let top = logits.contains(where: \.isNaN) ? .nan : logits.max() ?? 0
      let terms = logits.map { exp($0 - top) }
      let total = terms.reduce(0, +)
      for (logit, term) in zip(logits, terms) {
        let p = term / total
        result.values.append(p)
        // A masked logit has weight 0; the last term allows an exponential that is clamped before it underflows.
        result.magnitudes.append((p == 0 ? 0 : p * (1 + abs(logit) + abs(top))) + 1e-30)
      }
    }
    return result
  }

  /// `(x - mean) / sqrt(var + epsilon)` of the elements at `members`. The error of the mean is relative to the mean
  /// magnitude, not to the deviation: a large mean costs digits.
  private static func standardize(
    _ x: [Double], _ members: [Int], epsilon: Double,
    _ body: (_ index: Int, _ value: Double, _ magnitude: Double) -> Void
  ) {
    let count = Double(members.count)
    let mean = members.reduce(0) { $0 + x[$1] } / count
    let typical = members.reduce(0) { $0 + abs(x[$1]) } / count
    let variance = members.reduce(0) { $0 + (x[$1] - mean) * (x[$1] - mean) } / count
    let inverse = 1 / (variance + epsilon).squareRoot()
    for index in members { body(index, (x[index] - mean) * inverse, (abs(x[index]) + typical) * inverse) }
  }

  static func layerNorm(_ x: Values, gamma: Values, beta: Values, epsilon: Double) -> Expectation {
    let width = x.shape[x.shape.rank - 1]
    var result = Expectation([Double](repeating: 0, count: x.elements.count))
    for start in stride(from: 0, to: x.elements.count, by: max(width, 1)) {
      standardize(x.elements, Array(start..<start + width), epsilon: epsilon) { index, value, magnitude in
        let (g, b) = (gamma.elements[index - start], beta.elements[index - start])
        result.values[index] = value * g + b
        result.magnitudes[index] = magnitude * abs(g) + abs(b)
      }
    }
    return result
  }

  /// Group normalisation of `[B, N, C]`, then the activation.
  static func groupNorm(
    _ x: Values, groups: Int, gamma: Values, beta: Values, epsilon: Double, _ activation: Activation
  ) -> Expectation {
    let (batch, count, channels) = (x.shape[0], x.shape[1], x.shape[2])
    let width = channels / groups
    var result = Expectation([Double](repeating: 0, count: x.elements.count))
    for sample in 0..<batch where count > 0 {
      for group in 0..<groups {
        var members: [Int] = []
        for token in 0..<count {
          for channel in group * width..<(group + 1) * width {
            members.append((sample * count + token) * channels + channel)
          }
        }
        standardize(x.elements, members, epsilon: epsilon) { index, value, magnitude in
          let (g, b) = (gamma.elements[index % channels], beta.elements[index % channels])
          (result.values[index], result.magnitudes[index]) = ElementwiseOracle.activated(
            activation, value * g + b, magnitude: magnitude * abs(g) + abs(b))
        }
      }
    }
    return result
  }

  static func reduce(_ reduction: Reduction, _ x: Values) -> Expectation {
    let width = x.shape[x.shape.rank - 1]
    let rows = x.shape.dropLast().reduce(1, *)
    var result = Expectation([])
    for row in 0..<rows {
      let elements = x.elements[row * width..<(row + 1) * width]
      switch reduction {
      case .sum:
        result.values.append(elements.reduce(0, +))
        result.magnitudes.append(elements.reduce(0) { $0 + abs($1) })
      case .max:
        result.values.append(elements.contains(where: \.isNaN) ? .nan : elements.max() ?? -.infinity)
        result.magnitudes.append(0)
      }
    }
    return result
  }

  /// `softmax(scale * q k^T) v` for each head. The magnitude is the weighted sum of the values' magnitudes times the
  /// size of the logits' sums, whose errors become relative errors of the weights.
  static func attention(_ q: Values, _ k: Values, _ v: Values, scale: Double) -> Expectation {
    let (heads, queries, width) = (q.shape[0] * q.shape[1], q.shape[2], q.shape[3])
    let keys = k.shape[2]
    var result = Expectation([Double](repeating: 0, count: q.elements.count))
    for head in 0..<heads {
      for query in 0..<queries {
        let left = (head * queries + query) * width
        var logits = [Double](repeating: 0, count: keys)
        var size = 0.0
        for key in 0..<keys {
          let right = (head * keys + key) * width
          var (sum, magnitude) = (0.0, 0.0)
          for i in 0..<width {
            let product = q.elements[left + i] * k.elements[right + i]
            sum += product
            magnitude += abs(product)
          }
          logits[key] = sum * scale
          size = max(size, magnitude * abs(scale))
        }
        let top = logits.max() ?? 0
        let terms = logits.map { exp($0 - top) }
        let total = terms.reduce(0, +)
        for key in 0..<keys {
          let weight = terms[key] / total
          let right = (head * keys + key) * width
          for i in 0..<width {
            result.values[left + i] += weight * v.elements[right + i]
            result.magnitudes[left + i] += weight * abs(v.elements[right + i]) * (1 + size)
          }
        }
      }
    }
    return result
  }
}
