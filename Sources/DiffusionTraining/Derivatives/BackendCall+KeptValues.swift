// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension BackendCall.Operation {
  /// Through which operands a gradient flows: all but conditions.
  func differentiableOperands(of count: Int) -> [Bool] {
    switch self {
    case .select: [false, true, true]
    case .binary(.greater): [false, false]
    default: [Bool](repeating: true, count: count)
    }
  }

  /// Which values the derivative needs for the gradients of some operands. A linear map needs nothing for its input but
  /// the weight; what is frozen keeps no input.
  func keptValues(needs: [Bool]) -> KeptValues {
    var kept = KeptValues(operands: [Bool](repeating: false, count: needs.count))
    guard needs.contains(true) else { return kept }
    func keep(_ indices: Int...) { for index in indices { kept.operands[index] = true } }
    switch self {
    case .fill, .copy, .affine, .resample, .binary(.add), .binary(.subtract), .binary(.greater), .reduce(.sum): break
    case .unary(let function):
      switch function {
      case .exp, .sqrt, .relu: kept.result = true
      case .log, .abs, .sigmoid, .silu, .gelu, .tanh: keep(0)
      }
    case .binary(.multiply), .matmul, .conv2d:
      if needs[0] { keep(1) }
      if needs[1] { keep(0) }
    case .binary(.divide):
      keep(1)
      if needs[1] { keep(0) }
    case .binary(.maximum), .binary(.minimum): keep(0, 1)
    case .binary(.leakyReLU):
      keep(0)
      if needs[0] { keep(1) }
    case .select: keep(0)
    case .reduce(.max): keep(0)
    case .softmax: kept.result = true
    case .layerNorm: keepNorm(activation: .none)
    case .groupNorm(_, _, let activation): keepNorm(activation: activation)
    case .linear(let activation), .convolution(_, let activation):
      if activation != .none && needs[0...2].contains(true) {
        kept.operands = [true, true, true, false]
      } else {
        if needs[0] { keep(1) }
        if needs[1] { keep(0) }
      }
    case .gatedLinear, .attention: keep(0, 1, 2)
    case .pool(.average, _): break
    case .pool(.max, _): keep(0)
    }
    func keepNorm(activation: Activation) {
      // The shift alone gets the upstream gradient as it is, unless an activation stands behind.
      guard activation == .none else { return keep(0, 1, 2) }
      if needs[0] { keep(0, 1) } else if needs[1] { keep(0) }
    }
    return kept
  }
}
