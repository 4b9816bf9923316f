// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Glibc

/// Functions of elements in double precision, each with the magnitude that its error is relative to.
enum ElementwiseOracle {
  static func unary(_ function: UnaryFunction, _ x: Double) -> (value: Double, magnitude: Double) {
    switch function {
    case .exp:
      // Rounding the argument (or its product with log2 e) by u changes the result by |x| u.
      return (exp(x), exp(x) * (1 + abs(x)))
    case .log: return (log(x), max(abs(log(x)), 1))
    case .sqrt: return (x.squareRoot(), x.squareRoot())
    case .abs: return (abs(x), abs(x))
    case .sigmoid:
      let s = sigmoid(x)
      return (s, sensitivity(s, at: x))
    case .silu:
      let s = sigmoid(x)
      return (x * s, abs(x) * sensitivity(s, at: x))
    case .gelu: return (gelu(x), abs(x))
    case .relu: return (x > 0 || x.isNaN ? x : 0, abs(x))
    case .tanh: return (tanh(x), abs(tanh(x)))
    }
  }

  /// What rounding the argument does to a sigmoid `s` of `x`; the last term allows an exponential that is clamped before
  /// it overflows.
  private static func sensitivity(_ s: Double, at x: Double) -> Double {
    s * (1 + min(abs(x), 1000) * (1 - s)) + 1e-30
  }

  static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  static func gelu(_ x: Double) -> Double { x * erfc(-x * 0.5.squareRoot()) / 2 }

  static func binary(_ function: BinaryFunction, _ a: Double, _ b: Double) -> Double {
    switch function {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .maximum: a.isNaN || b.isNaN ? .nan : max(a, b)
    case .minimum: a.isNaN || b.isNaN ? .nan : min(a, b)
    case .greater: a > b ? 1 : 0
    case .leakyReLU: a > 0 ? a : a * b
    }
  }

  /// An activation of a value whose error is relative to `magnitude`: the steepest slope of SiLU is 1.10, of GELU 1.13.
  static func activated(
    _ activation: Activation, _ x: Double, magnitude: Double
  ) -> (value: Double, magnitude: Double) {
    switch activation {
    case .none: (x, magnitude)
    case .silu: (x * sigmoid(x), 1.13 * magnitude + abs(x))
    case .gelu: (gelu(x), 1.13 * magnitude + abs(x))
    case .relu: (x > 0 || x.isNaN ? x : 0, magnitude)
    }
  }
}
