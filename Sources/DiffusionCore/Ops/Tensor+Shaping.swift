// SPDX-License-Identifier: Apache-2.0

extension Tensor {
  /// The tensor in another shape of as many elements; a view where the strides allow it, else a copy.
  public func reshaped(_ shape: Shape) throws -> Tensor {
    if let view = operand.view.reshaped(shape) { return Tensor(operand.with(view), on: backend) }
    return try contiguous().reshaped(shape)
  }

  /// The tensor with its axes in the given order; a view.
  public func transposed(_ axes: Int...) -> Tensor {
    Tensor(operand.with(operand.view.permuted(axes)), on: backend)
  }

  /// The part whose index along `axis` lies in `range`; a view.
  public func sliced(axis: Int, _ range: Range<Int>) -> Tensor {
    Tensor(operand.with(operand.view.sliced(axis: axis, range)), on: backend)
  }

  /// The tensor stretched to a shape by NumPy's rule; a view.
  public func broadcast(to shape: Shape) -> Tensor {
    Tensor(operand.with(operand.view.broadcast(to: shape)), on: backend)
  }

  /// The tensor itself if its elements lie in row-major order, else a copy in which they do.
  public func contiguous() throws -> Tensor {
    operand.view.isContiguous ? self : try copied(as: dtype)
  }

  /// The tensor in another element type.
  public func cast(to dtype: DType) throws -> Tensor {
    dtype == self.dtype ? self : try copied(as: dtype)
  }

  private func copied(as dtype: DType) throws -> Tensor {
    try result(shape, dtype: dtype) { try backend.copy(operand, to: $0) }
  }

  /// The tensors one after another along an axis; their other extents are equal. Mixed element types become `f32`.
  public static func concatenate(_ parts: [Tensor], axis: Int) throws -> Tensor {
    precondition(!parts.isEmpty, "nothing to concatenate")
    if parts.count == 1 { return parts[0] }
    let first = parts[0]
    for part in parts {
      precondition(
        part.shape.replacing(axis: axis, with: 0) == first.shape.replacing(axis: axis, with: 0),
        "\(part.shape) and \(first.shape) differ on another axis than \(axis)")
    }
    let extent = parts.reduce(0) { $0 + $1.shape[axis] }
    let dtype = parts.allSatisfy { $0.dtype == first.dtype } ? first.dtype : .f32
    return try first.result(first.shape.replacing(axis: axis, with: extent), dtype: dtype) { out in
      var start = 0
      for part in parts {
        let end = start + part.shape[axis]
        try first.backend.copy(part.operand, to: out.with(out.view.sliced(axis: axis, start..<end)))
        start = end
      }
    }
  }
}
