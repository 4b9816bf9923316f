// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Derivative {
  func layerNorm(_ epsilon: Float, _ gradient: Tensor) throws -> [Tensor?] {
    guard needs[0] || needs[1] else { return [nil, nil, try gradient.summedOverRows()] }
    // The scale is kept for the input's gradient only.
    if needs[0], let fast = fast(.layerNorm) {
      let width: Shape = [gradient.shape[gradient.shape.rank - 1]]
      let ofGamma = try needs[1] ? Tensor(uninitialized: width, dtype: .f32, on: backend) : nil
      let ofBeta = try needs[2] ? Tensor(uninitialized: width, dtype: .f32, on: backend) : nil
      let ofInput = try made(gradient.shape) {
        try fast.layerNormGradient(
          value(0).operand, gamma: value(1).operand, epsilon: epsilon, gradient.operand, toInput: $0,
          toGamma: ofGamma?.operand, toBeta: ofBeta?.operand)
      }
      return [ofInput, ofGamma, ofBeta]
    }
    let normed = try Standardized(value(0), epsilon: epsilon)
    return [
      try wanted(0) { try normed.gradient(of: gradient * value(1)) },
      try wanted(1) { try (gradient * normed.values).summedOverRows() },
      try wanted(2) { try gradient.summedOverRows() },
    ]
  }

  func groupNorm(_ groups: Int, _ epsilon: Float, _ activation: Activation, _ gradient: Tensor) throws -> [Tensor?] {
    if activation == .none && !needs[0] && !needs[1] { return [nil, nil, try gradient.summedOverRows()] }
    let shape = gradient.shape
    // What is kept is told by `keptValues(needs:)`: the shift only where an activation stands behind.
    if needs[0] || activation != .none, let fast = fast(.groupNorm) {
      let shift = activation == .none ? value(1) : value(2)
      let channels: Shape = [shape[2]]
      let ofGamma = try needs[1] ? Tensor(uninitialized: channels, dtype: .f32, on: backend) : nil
      let ofBeta = try needs[2] ? Tensor(uninitialized: channels, dtype: .f32, on: backend) : nil
      let ofInput = try made(shape) {
        try fast.groupNormGradient(
          value(0).operand, groups: groups, gamma: value(1).operand, beta: shift.operand, epsilon: epsilon,
          activation: activation, gradient.operand, toInput: $0, toGamma: ofGamma?.operand, toBeta: ofBeta?.operand)
      }
      return [needs[0] ? ofInput : nil, ofGamma, ofBeta]
    }
    let (batch, count, width) = (shape[0], shape[1], shape[2] / groups)
    // A group's elements become the last axis, [B, G, N * C / G], and back.
    func grouped(_ x: Tensor) throws -> Tensor {
      try x.reshaped([batch, count, groups, width]).transposed(0, 2, 1, 3).reshaped([batch, groups, count * width])
    }
    func ungrouped(_ x: Tensor) throws -> Tensor {
      try x.reshaped([batch, groups, count, width]).transposed(0, 2, 1, 3).reshaped(shape)
    }
    let normed = try Standardized(grouped(value(0)), epsilon: epsilon)
    let values = try ungrouped(normed.values)
    let inner = try before(activation, try values * value(1) + value(2), gradient)
    return [
      try wanted(0) { try ungrouped(normed.gradient(of: grouped(inner * value(1)))) },
      try wanted(1) { try (inner * values).summedOverRows() },
      try wanted(2) { try inner.summedOverRows() },
    ]
  }
}

/// `(x - mean) / sqrt(var + epsilon)` over the last axis, and its derivative.
private struct Standardized {
  let values: Tensor
  let deviation: Tensor

  init(_ x: Tensor, epsilon: Float) throws {
    let centred = try x - x.mean()
    deviation = try ((centred * centred).mean() + epsilon).sqrt()
    values = try centred / deviation
  }

  /// The gradient of `x`: what is left of the upstream one without its mean and its part along the values.
  func gradient(of upstream: Tensor) throws -> Tensor {
    try (upstream - upstream.mean() - values * (upstream * values).mean()) / deviation
  }
}
