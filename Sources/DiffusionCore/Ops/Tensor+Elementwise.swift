// SPDX-License-Identifier: Apache-2.0

extension Tensor {
  /// A new tensor of a shape, filled by `body`.
  ///
  /// - Parameter dtype: nil for the backend's storage type.
  func result(_ shape: Shape, dtype: DType? = nil, _ body: (Operand) throws -> Void) throws -> Tensor {
    let out = try Tensor(uninitialized: shape, dtype: dtype ?? backend.storageType, on: backend)
    try body(out.operand)
    return out
  }

  private func unary(_ function: UnaryFunction) throws -> Tensor {
    try result(shape) { try backend.unary(function, operand, to: $0) }
  }

  private static func binary(_ function: BinaryFunction, _ a: Tensor, _ b: Tensor) throws -> Tensor {
    guard let shape = a.shape.broadcast(with: b.shape) else {
      preconditionFailure("\(a.shape) and \(b.shape) do not broadcast")
    }
    return try a.result(shape) {
      try a.backend.binary(function, a.broadcast(to: shape).operand, b.broadcast(to: shape).operand, to: $0)
    }
  }

  /// `e^x`, element by element.
  public func exp() throws -> Tensor { try unary(.exp) }
  /// The natural logarithm, element by element.
  public func log() throws -> Tensor { try unary(.log) }
  /// The square root, element by element.
  public func sqrt() throws -> Tensor { try unary(.sqrt) }
  /// The magnitude, element by element.
  public func abs() throws -> Tensor { try unary(.abs) }
  /// `1 / (1 + e^-x)`, element by element.
  public func sigmoid() throws -> Tensor { try unary(.sigmoid) }
  /// `x / (1 + e^-x)`, element by element.
  public func silu() throws -> Tensor { try unary(.silu) }
  /// `x (1 + erf(x / sqrt 2)) / 2`, element by element: the exact GELU, not its tanh approximation.
  public func gelu() throws -> Tensor { try unary(.gelu) }
  /// The larger of `x` and 0, element by element.
  public func relu() throws -> Tensor { try unary(.relu) }
  /// The hyperbolic tangent, element by element.
  public func tanh() throws -> Tensor { try unary(.tanh) }
  /// `x` where it is greater than 0, else `slope * x`, element by element.
  public func leakyReLU(slope: Float) throws -> Tensor {
    try .binary(.leakyReLU, self, Tensor(repeating: slope, shape: [], on: backend))
  }
  /// `x` where it is greater than 0, else `slopes * x`, broadcasting: PReLU (He et al. 2015), with slopes `[1]` or `[C]`.
  public func prelu(slopes: Tensor) throws -> Tensor { try .binary(.leakyReLU, self, slopes) }

  /// `a + b`, broadcasting.
  public static func + (a: Tensor, b: Tensor) throws -> Tensor { try binary(.add, a, b) }
  /// `a - b`, broadcasting.
  public static func - (a: Tensor, b: Tensor) throws -> Tensor { try binary(.subtract, a, b) }
  /// `a * b`, element by element, broadcasting.
  public static func * (a: Tensor, b: Tensor) throws -> Tensor { try binary(.multiply, a, b) }
  /// `a / b`, element by element, broadcasting.
  public static func / (a: Tensor, b: Tensor) throws -> Tensor { try binary(.divide, a, b) }
  /// The larger of both, element by element, broadcasting.
  public static func maximum(_ a: Tensor, _ b: Tensor) throws -> Tensor { try binary(.maximum, a, b) }
  /// The smaller of both, element by element, broadcasting.
  public static func minimum(_ a: Tensor, _ b: Tensor) throws -> Tensor { try binary(.minimum, a, b) }

  /// 1 where `a > threshold`, else 0.
  public static func > (a: Tensor, threshold: Float) throws -> Tensor {
    try binary(.greater, a, Tensor(repeating: threshold, shape: [], on: a.backend))
  }

  /// `scale * x + offset`.
  public func affine(scale: Float, offset: Float) throws -> Tensor {
    try result(shape) { try backend.affine(operand, scale: scale, offset: offset, to: $0) }
  }

  /// `x + offset`.
  public static func + (x: Tensor, offset: Float) throws -> Tensor { try x.affine(scale: 1, offset: offset) }
  /// `x * scale`.
  public static func * (x: Tensor, scale: Float) throws -> Tensor { try x.affine(scale: scale, offset: 0) }

  /// `condition > 0 ? a : b`, all three broadcasting.
  public static func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor) throws -> Tensor {
    guard let shape = a.shape.broadcast(with: b.shape)?.broadcast(with: condition.shape) else {
      preconditionFailure("\(condition.shape), \(a.shape) and \(b.shape) do not broadcast")
    }
    return try a.result(shape) {
      try a.backend.select(
        condition.broadcast(to: shape).operand, a.broadcast(to: shape).operand, b.broadcast(to: shape).operand, to: $0)
    }
  }
}
