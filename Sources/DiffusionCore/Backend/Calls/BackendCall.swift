// SPDX-License-Identifier: Apache-2.0

/// A call of one of a backend's computing members, as a value: it can be looked at, counted, changed and carried out.
public struct BackendCall: Sendable {
  /// A member of ``Backend`` that computes, with the arguments that are not operands.
  public enum Operation: Sendable {
    /// ``Backend/fill(_:with:)``, which has no operands.
    case fill(Float)
    /// ``Backend/copy(_:to:)`` of `x`.
    case copy
    /// ``Backend/affine(_:scale:offset:to:)`` of `x`.
    case affine(scale: Float, offset: Float)
    /// ``Backend/unary(_:_:to:)`` of `x`.
    case unary(UnaryFunction)
    /// ``Backend/binary(_:_:_:to:)`` of `a` and `b`.
    case binary(BinaryFunction)
    /// ``Backend/select(_:_:_:to:)`` of the condition, `a` and `b`.
    case select
    /// ``Backend/reduce(_:_:to:)`` of `x`.
    case reduce(Reduction)
    /// ``Backend/matmul(_:_:to:)`` of `a` and `b`.
    case matmul
    /// ``Backend/conv2d(_:weight:_:to:)`` of `x` and the weight.
    case conv2d(ConvolutionGeometry)
    /// ``Backend/resample(_:axis:taps:to:)`` of `x`.
    case resample(axis: Int, taps: ResampleTaps)
    /// ``Backend/softmax(_:scale:to:)`` of `x`.
    case softmax(scale: Float)
    /// ``Backend/layerNorm(_:gamma:beta:epsilon:to:)`` of `x`, `gamma` and `beta`.
    case layerNorm(epsilon: Float)
    /// ``Backend/groupNorm(_:groups:gamma:beta:epsilon:activation:to:)`` of `x`, `gamma` and `beta`.
    case groupNorm(groups: Int, epsilon: Float, activation: Activation)
    /// ``Backend/linear(_:weight:bias:activation:residual:to:)`` of `x`, weight, bias and residual.
    case linear(Activation)
    /// ``Backend/gatedLinear(_:weight:bias:to:)`` of `x`, weight and bias.
    case gatedLinear
    /// ``Backend/convolution(_:weight:bias:geometry:activation:residual:to:)`` of `x`, weight, bias and residual.
    case convolution(ConvolutionGeometry, Activation)
    /// ``Backend/attention(_:_:_:scale:to:)`` of `q`, `k` and `v`.
    case attention(scale: Float)
    /// ``Backend/pool(_:_:geometry:to:)`` of `x`.
    case pool(Pooling, PoolingGeometry)

    /// Which member it is.
    public var member: BackendMember {
      switch self {
      case .fill: .fill
      case .copy: .copy
      case .affine: .affine
      case .unary: .unary
      case .binary: .binary
      case .select: .select
      case .reduce: .reduce
      case .matmul: .matmul
      case .conv2d: .conv2d
      case .resample: .resample
      case .softmax: .softmax
      case .layerNorm: .layerNorm
      case .groupNorm: .groupNorm
      case .linear: .linear
      case .gatedLinear: .gatedLinear
      case .convolution: .convolution
      case .attention: .attention
      case .pool: .pool
      }
    }
  }

  /// What is computed.
  public var operation: Operation
  /// What is read, in the order of the member's parameters; nil for an optional one that is absent.
  public var operands: [Operand?]
  /// What is computed into.
  public var out: Operand

  /// A call that was not made yet.
  ///
  /// - Parameter operands: in the order of the member's parameters; nil for an optional one that is absent.
  public init(_ operation: Operation, _ operands: [Operand?], to out: Operand) {
    (self.operation, self.operands, self.out) = (operation, operands, out)
  }

  /// The name of the member, such as `groupNorm`.
  public var member: String { operation.member.rawValue }

  /// The floating-point operations of a product, a convolution (counted directly) or attention, 2 for each
  /// multiply-add; 0 for the others, whose cost is moving memory.
  public var flops: Double {
    let results = Double(out.shape.elementCount)
    func extent(_ operand: Int, _ axes: Range<Int>) -> Double {
      operands[operand].map { Double($0.shape[axes].reduce(1, *)) } ?? 0
    }
    return switch operation {
    case .matmul: 2 * results * extent(0, 2..<3)
    case .linear: 2 * results * extent(0, 1..<2)
    case .gatedLinear: 4 * results * extent(0, 1..<2)
    case .conv2d, .convolution: 2 * results * extent(1, 1..<4)
    case .attention: 4 * extent(0, 0..<4) * extent(1, 2..<3)
    default: 0
    }
  }

  /// The bytes of the operands and the result; an element that a stride of 0 repeats counts once.
  public var byteCount: Int {
    (operands + [out]).reduce(0) { total, operand in
      guard let operand else { return total }
      return total
        + zip(operand.shape, operand.view.strides).reduce(operand.dtype.byteWidth) { count, axis in
          axis.1 == 0 && axis.0 > 0 ? count : count * axis.0
        }
    }
  }

  /// Calls the member of a backend.
  ///
  /// - Precondition: there are as many operands as the member has, and all that are not optional.
  /// - Throws: what the member throws.
  public func perform(on backend: some Backend) throws {
    func operand(_ index: Int) -> Operand {
      guard operands.indices.contains(index), let operand = operands[index] else {
        preconditionFailure("\(member) wants an operand at position \(index)")
      }
      return operand
    }
    switch operation {
    case .fill(let value): try backend.fill(out, with: value)
    case .copy: try backend.copy(operand(0), to: out)
    case .affine(let scale, let offset): try backend.affine(operand(0), scale: scale, offset: offset, to: out)
    case .unary(let function): try backend.unary(function, operand(0), to: out)
    case .binary(let function): try backend.binary(function, operand(0), operand(1), to: out)
    case .select: try backend.select(operand(0), operand(1), operand(2), to: out)
    case .reduce(let reduction): try backend.reduce(reduction, operand(0), to: out)
    case .matmul: try backend.matmul(operand(0), operand(1), to: out)
    case .conv2d(let geometry): try backend.conv2d(operand(0), weight: operand(1), geometry, to: out)
    case .resample(let axis, let taps): try backend.resample(operand(0), axis: axis, taps: taps, to: out)
    case .softmax(let scale): try backend.softmax(operand(0), scale: scale, to: out)
    case .layerNorm(let epsilon):
      try backend.layerNorm(operand(0), gamma: operand(1), beta: operand(2), epsilon: epsilon, to: out)
    case .groupNorm(let groups, let epsilon, let activation):
      try backend.groupNorm(
        operand(0), groups: groups, gamma: operand(1), beta: operand(2), epsilon: epsilon, activation: activation,
        to: out)
    case .linear(let activation):
      try backend.linear(
        operand(0), weight: operand(1), bias: operands[2], activation: activation, residual: operands[3], to: out)
    case .gatedLinear: try backend.gatedLinear(operand(0), weight: operand(1), bias: operand(2), to: out)
    case .convolution(let geometry, let activation):
      try backend.convolution(
        operand(0), weight: operand(1), bias: operands[2], geometry: geometry, activation: activation,
        residual: operands[3], to: out)
    case .attention(let scale): try backend.attention(operand(0), operand(1), operand(2), scale: scale, to: out)
    case .pool(let pooling, let geometry): try backend.pool(pooling, operand(0), geometry: geometry, to: out)
    }
  }
}
