// SPDX-License-Identifier: Apache-2.0

extension Tensor {
  private func reduced(_ reduction: Reduction) throws -> Tensor {
    precondition(shape.rank > 0, "a scalar has no axis to reduce")
    return try result(shape.replacing(axis: -1, with: 1), dtype: .f32) {
      try backend.reduce(reduction, operand, to: $0)
    }
  }

  /// The sum over the last axis, which stays with extent 1; 0 for no elements.
  public func sum() throws -> Tensor { try reduced(.sum) }
  /// The maximum over the last axis, which stays with extent 1; negative infinity for no elements.
  public func max() throws -> Tensor { try reduced(.max) }
  /// The mean over the last axis, which stays with extent 1; not a number for no elements.
  public func mean() throws -> Tensor { try sum() * (1 / Float(shape[shape.rank - 1])) }

  /// `softmax(scale * x)` over the last axis.
  public func softmax(scale: Float = 1) throws -> Tensor {
    precondition(shape.rank > 0, "a scalar has no axis to normalise")
    return try result(shape) { try backend.softmax(operand, scale: scale, to: $0) }
  }
}
