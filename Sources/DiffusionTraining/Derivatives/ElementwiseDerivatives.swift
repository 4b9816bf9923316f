// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Derivative {
  func unary(_ function: UnaryFunction, _ gradient: Tensor) throws -> Tensor {
    switch function {
    case .exp: try gradient * result
    case .log: try gradient / value(0)
    case .sqrt: try gradient / (result * 2)
    case .abs: try gradient * value(0).sign()
    case .sigmoid:
      // Made again: where it is near 1, a result in half precision tells little of its distance from it.
      try gradient * value(0).sigmoidSlope()
    case .silu: try before(.silu, value(0), gradient)
    case .gelu: try before(.gelu, value(0), gradient)
    case .relu: try .select(result, gradient, scalar(0))
    case .tanh: try gradient * value(0).tanhSlope()
    }
  }

  func binary(_ function: BinaryFunction, _ gradient: Tensor) throws -> [Tensor?] {
    switch function {
    case .add: return [gradient, gradient]
    case .subtract: return [gradient, try wanted(1) { try gradient * -1 }]
    case .multiply:
      return [try wanted(0) { try gradient * value(1) }, try wanted(1) { try gradient * value(0) }]
    case .divide:
      let first = try gradient / value(1)
      return [first, try wanted(1) { try first * (value(0) / value(1)) * -1 }]
    case .maximum, .minimum:
      // The operand that was taken gets the gradient; each gets half where both are equal.
      let larger = try Tensor.greater(value(0), value(1))
      let smaller = try Tensor.greater(value(1), value(0))
      let share = try (larger - smaller).affine(scale: function == .maximum ? 0.5 : -0.5, offset: 0.5)
      return [try wanted(0) { try gradient * share }, try wanted(1) { try gradient * share.complement() }]
    case .greater: return [nil, nil]
    case .leakyReLU:
      return [
        try wanted(0) { try .select(value(0), gradient, gradient * value(1)) },
        try wanted(1) { try .select(value(0), scalar(0), gradient * value(0)) },
      ]
    }
  }

  func select(_ gradient: Tensor) throws -> [Tensor?] {
    let zero = try scalar(0)
    return [
      nil, try wanted(1) { try Tensor.select(value(0), gradient, zero) },
      try wanted(2) { try Tensor.select(value(0), zero, gradient) },
    ]
  }

  func reduce(_ reduction: Reduction, _ gradient: Tensor) throws -> Tensor {
    guard let shape = shapes[0] else { preconditionFailure("a reduction of nothing") }
    let spread = gradient.broadcast(to: shape)
    switch reduction {
    case .sum: return spread
    case .max:
      // Those that are the maximum share the gradient. It is taken anew: stored in half precision it may be another.
      let isMaximum = try Tensor.greater(value(0).max().broadcast(to: shape), value(0)).complement()
      return try spread * (isMaximum / isMaximum.sum())
    }
  }

  func softmax(_ scale: Float, _ gradient: Tensor) throws -> Tensor {
    if let fast = fast(.softmax) {
      return try made(gradient.shape) {
        try fast.softmaxGradient(result.operand, scale: scale, gradient.operand, to: $0)
      }
    }
    let weighted = try gradient * result
    return try (weighted - result * weighted.sum()) * scale
  }

  /// The gradient of what an activation got.
  func before(_ activation: Activation, _ input: @autoclosure () throws -> Tensor, _ gradient: Tensor) throws -> Tensor
  {
    if activation != .none, let fast = fast(.activation) {
      let x = try input()
      return try made(gradient.shape) {
        try fast.activationGradient(activation, x.operand, gradient.operand, to: $0)
      }
    }
    return switch activation {
    case .none: gradient
    case .silu: try gradient * input().siluSlope()
    case .gelu: try gradient * input().geluSlope()
    case .relu: try .select(input(), gradient, scalar(0))
    }
  }
}

extension Tensor {
  /// 1 where `a > b`, else 0; of one shape.
  static func greater(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let out = try Tensor(uninitialized: a.shape, on: a.backend)
    try a.backend.binary(.greater, a.operand, b.operand, to: out.operand)
    return out
  }

  /// 1, 0 or -1.
  func sign() throws -> Tensor {
    let negated = try self * -1
    return try (self > 0) - (negated > 0)
  }

  /// The derivative of the logistic function: `s (1 - s)`.
  func sigmoidSlope() throws -> Tensor {
    let s = try sigmoid()
    return try s * s.complement()
  }

  /// The derivative of the hyperbolic tangent, `1 - tanh(x)^2`: `4 s (1 - s)` with `s = sigmoid(-2 |x|)`, which is at most
  /// a half, so that nothing cancels.
  func tanhSlope() throws -> Tensor { try (abs() * -2).sigmoidSlope() * 4 }

  /// The derivative of SiLU: `s (1 + x (1 - s))` with `s = sigmoid(x)`.
  func siluSlope() throws -> Tensor {
    let s = try sigmoid()
    return try s * (self * s.complement() + 1)
  }

  /// The derivative of GELU: `P(x) + x p(x)`, the normal distribution and its density.
  func geluSlope() throws -> Tensor {
    // The distribution is gelu(x) / x, and near 0, where that is 0 / 0, its tangent; the next term is below 1e-10.
    let density: Float = 0.398_942_28
    let distribution = try Tensor.select(abs() > 1e-3, gelu() / self, affine(scale: density, offset: 0.5))
    let gaussian = try ((self * self) * -0.5).exp() * density
    return try distribution + self * gaussian
  }
}
