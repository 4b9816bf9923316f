// SPDX-License-Identifier: Apache-2.0

extension Tensor {
  /// The matrix product over the last two axes: `[..., M, K] x [..., K, N] -> [..., M, N]`. Leading axes broadcast.
  public func matmul(_ other: Tensor) throws -> Tensor {
    let (m, k) = (shape[shape.rank - 2], shape[shape.rank - 1])
    let n = other.shape[other.shape.rank - 1]
    precondition(other.shape[other.shape.rank - 2] == k, "\(shape) x \(other.shape): inner extents differ")
    guard let lead = Shape(Array(shape.dropLast(2))).broadcast(with: Shape(Array(other.shape.dropLast(2)))) else {
      preconditionFailure("\(shape) x \(other.shape): leading axes do not broadcast")
    }
    let batch = lead.elementCount
    let a = try broadcast(to: Shape(lead.extents + [m, k])).reshaped([batch, m, k])
    let b = try other.broadcast(to: Shape(lead.extents + [k, n])).reshaped([batch, k, n])
    return try result([batch, m, n]) { try backend.matmul(a.operand, b.operand, to: $0) }
      .reshaped(Shape(lead.extents + [m, n]))
  }

  /// `activation(x weight^T + bias) + residual` over the last axis.
  ///
  /// - Parameters:
  ///   - weight: `[out, in]`.
  ///   - bias: `[out]`.
  ///   - residual: the shape of the result.
  public func linear(
    weight: Tensor, bias: Tensor? = nil, activation: Activation = .none, residual: Tensor? = nil
  ) throws -> Tensor {
    let (k, n) = (weight.shape[1], weight.shape[0])
    precondition(shape[shape.rank - 1] == k, "\(shape) does not end in the weight's \(k) inputs")
    precondition(bias.map { $0.shape == [n] } ?? true, "the bias is not of shape [\(n)]")
    let target = shape.replacing(axis: -1, with: n)
    precondition(residual.map { $0.shape == target } ?? true, "the residual is not of shape \(target)")
    let rows = shape.dropLast().reduce(1, *)
    let x = try reshaped([rows, k])
    let added = try residual?.reshaped([rows, n])
    return try result([rows, n]) {
      try backend.linear(
        x.operand, weight: weight.operand, bias: bias?.operand, activation: activation, residual: added?.operand, to: $0
      )
    }.reshaped(target)
  }

  /// GEGLU (Shazeer 2020): `value * gelu(gate)`, where `[value, gate] = x weight^T + bias`.
  ///
  /// - Parameters:
  ///   - weight: `[2 out, in]`.
  ///   - bias: `[2 out]`.
  public func gatedLinear(weight: Tensor, bias: Tensor) throws -> Tensor {
    let (k, n) = (weight.shape[1], weight.shape[0] / 2)
    precondition(shape[shape.rank - 1] == k, "\(shape) does not end in the weight's \(k) inputs")
    precondition(weight.shape[0] == 2 * n && bias.shape == [2 * n], "the bias is not of shape [\(2 * n)]")
    let rows = shape.dropLast().reduce(1, *)
    let x = try reshaped([rows, k])
    return try result([rows, n]) {
      try backend.gatedLinear(x.operand, weight: weight.operand, bias: bias.operand, to: $0)
    }.reshaped(shape.replacing(axis: -1, with: n))
  }
}
