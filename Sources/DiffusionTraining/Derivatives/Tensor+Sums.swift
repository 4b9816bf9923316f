// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Tensor {
  /// The sum over some axes, which stay with extent 1, in `f32`.
  func summed(over axes: [Int]) throws -> Tensor {
    let axes = axes.filter { shape[$0] != 1 }
    if axes.isEmpty { return self }
    let target = axes.reduce(shape) { $0.replacing(axis: $1, with: 1) }
    let kept = (0..<shape.rank).filter { !axes.contains($0) }
    let (rows, width) = (axes.reduce(1) { $0 * shape[$1] }, kept.reduce(1) { $0 * shape[$1] })
    if width == 0 || rows == 0 { return try Tensor(repeating: 0, shape: target, on: backend) }
    if axes == Array(0..<axes.count) && width > 1 {
      // Rows lie one below the other: a product with ones adds them without reordering them.
      let ones = try Tensor(repeating: 1, shape: [1, rows], on: backend)
      return try ones.matmul(reshaped([rows, width])).reshaped(target)
    }
    let view = operand.view.permuted(kept + axes)
    return try Tensor(operand.with(view), on: backend).reshaped([width, rows]).sum().reshaped(target)
  }

  /// The sum over all axes but the last one, `[C]`.
  func summedOverRows() throws -> Tensor {
    if shape.elementCount > 0, let fast = (backend as? any DerivativeBackend)?.having(.columnSums) {
      let out = try Tensor(uninitialized: [shape[shape.rank - 1]], dtype: .f32, on: backend)
      try fast.columnSums(operand, to: out.operand)
      return out
    }
    return try summedByProducts()
  }

  private func summedByProducts() throws -> Tensor {
    try summed(over: Array(0..<shape.rank - 1)).reshaped([shape[shape.rank - 1]])
  }

  /// `1 - x`.
  func complement() throws -> Tensor { try affine(scale: -1, offset: 1) }
}
