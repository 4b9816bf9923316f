// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Derivative {
  func matmul(_ gradient: Tensor) throws -> [Tensor?] {
    [
      try wanted(0) { try gradient.matmul(value(1).transposed(0, 2, 1)) },
      try wanted(1) { try value(0).transposed(0, 2, 1).matmul(gradient) },
    ]
  }

  func linear(_ activation: Activation, _ gradient: Tensor) throws -> [Tensor?] {
    let inner =
      needs[0...2].contains(true)
      ? try before(activation, try value(0).linear(weight: value(1), bias: optionalValue(2)), gradient) : gradient
    return try linearMap(inner) + [gradient]
  }

  func gatedLinear(_ gradient: Tensor) throws -> [Tensor?] {
    let width = gradient.shape[1]
    let both = try value(0).linear(weight: value(1), bias: value(2))
    if let fast = fast(.gate) {
      return try linearMap(
        made([gradient.shape[0], 2 * width]) { try fast.gateGradient(both.operand, gradient.operand, to: $0) })
    }
    let (x, gate) = (both.sliced(axis: 1, 0..<width), both.sliced(axis: 1, width..<2 * width))
    return try linearMap(
      Tensor.concatenate([gradient * gate.gelu(), gradient * x * gate.geluSlope()], axis: 1))
  }

  /// `gradient^T x`.
  private func weightGradient(_ gradient: Tensor) throws -> Tensor {
    let x = value(0)
    let (rows, inputs, outputs) = (x.shape[0], x.shape[1], gradient.shape[1])
    guard rows > 0, let fast = fast(.convolutionWeight) else { return try gradient.transposed(1, 0).matmul(x) }
    return try made([outputs, 1, 1, inputs]) {
      try fast.convolutionWeightGradient(
        x.reshaped([1, rows, 1, inputs]).operand, ConvolutionGeometry(),
        gradient.reshaped([1, rows, 1, outputs]).operand, to: $0)
    }.reshaped([outputs, inputs])
  }

  /// The gradients of input, weight and bias of `x weight^T + bias`.
  private func linearMap(_ gradient: Tensor) throws -> [Tensor?] {
    [
      try wanted(0) { try gradient.matmul(value(1)) },
      try wanted(1) { try weightGradient(gradient) },
      try wanted(2) { try gradient.summedOverRows() },
    ]
  }
}
