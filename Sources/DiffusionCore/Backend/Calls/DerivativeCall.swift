// SPDX-License-Identifier: Apache-2.0

/// A call of one of the members of ``DerivativeBackend``, as a value, like ``BackendCall``.
public struct DerivativeCall: Sendable {
  /// A member of ``DerivativeBackend`` with the arguments that are not operands.
  public enum Operation: Sendable {
    /// ``DerivativeBackend/activationGradient(_:_:_:to:)`` of `x` and the gradient.
    case activation(Activation)
    /// ``DerivativeBackend/gateGradient(_:_:to:)`` of both halves and the gradient.
    case gate
    /// ``DerivativeBackend/softmaxGradient(_:scale:_:to:)`` of the weights and the gradient.
    case softmax(scale: Float)
    /// ``DerivativeBackend/columnSums(_:to:)`` of `x`.
    case columnSums
    /// ``DerivativeBackend/groupNormGradient(_:groups:gamma:beta:epsilon:activation:_:toInput:toGamma:toBeta:)`` of `x`,
    /// `gamma`, `beta` and the gradient, to those of the input, `gamma` and `beta`.
    case groupNorm(groups: Int, epsilon: Float, activation: Activation)
    /// ``DerivativeBackend/layerNormGradient(_:gamma:epsilon:_:toInput:toGamma:toBeta:)`` of `x`, `gamma` and the gradient,
    /// to those of the input, `gamma` and `beta`.
    case layerNorm(epsilon: Float)
    /// ``DerivativeBackend/convolutionWeightGradient(_:_:_:to:)`` of `x` and the gradient.
    case convolutionWeight(ConvolutionGeometry)
    /// ``DerivativeBackend/turnedConvolution(_:weight:geometry:to:)`` of `x` and the weight.
    case turnedConvolution(ConvolutionGeometry)
    /// ``DerivativeBackend/attentionGradient(_:_:_:scale:_:toQueries:toKeys:toValues:)`` of `q`, `k`, `v` and the gradient,
    /// to those of `q`, `k` and `v`.
    case attention(scale: Float)
    /// ``DerivativeBackend/adamW(_:first:second:_:_:)`` of the gradient, to the value and its two moments.
    case adamW(AdamWFactors)

    /// Which member it is.
    public var member: DerivativeMember {
      switch self {
      case .activation: .activation
      case .gate: .gate
      case .softmax: .softmax
      case .columnSums: .columnSums
      case .groupNorm: .groupNorm
      case .layerNorm: .layerNorm
      case .convolutionWeight: .convolutionWeight
      case .turnedConvolution: .turnedConvolution
      case .attention: .attention
      case .adamW: .adamW
      }
    }
  }

  /// What is computed.
  public var operation: Operation
  /// What is read, in the order of the member's parameters; nil for an optional one that is absent.
  public var operands: [Operand?]
  /// What is computed into, in the order of the member's parameters; nil for what is not wanted. Those of
  /// ``Operation/adamW(_:)`` are read, too.
  public var outs: [Operand?]

  /// A call that was not made yet.
  public init(_ operation: Operation, _ operands: [Operand?], to outs: [Operand?]) {
    (self.operation, self.operands, self.outs) = (operation, operands, outs)
  }

  /// The floating-point operations of a convolution's or attention's derivative, 2 for each multiply-add; 0 for the others,
  /// whose cost is moving memory.
  public var flops: Double {
    func count(_ operand: Operand?, _ axes: Range<Int>? = nil) -> Double {
      operand.map { Double($0.shape[axes ?? 0..<$0.shape.count].reduce(1, *)) } ?? 0
    }
    return switch operation {
    case .convolutionWeight: 2 * count(outs[0]) * count(operands[1], 0..<3)
    case .turnedConvolution: 2 * count(outs[0]) * count(operands[1], 0..<3)
    // The scores again, and the products of the gradient with values, weights, keys and queries.
    case .attention:
      ((outs[0] == nil && outs[1] == nil ? 1 : 2) + Double(outs.count { $0 != nil })) * 2 * count(operands[0])
        * count(operands[1], 2..<3)
    default: 0
    }
  }

  /// The bytes of what is read and of what is computed into; AdamW's numbers, which it steps in place, count as both.
  public var byteCount: Int {
    let isInPlace = operation.member == .adamW
    return (operands + outs + (isInPlace ? outs : [])).reduce(0) { total, operand in
      total + (operand.map { $0.shape.elementCount * $0.dtype.byteWidth } ?? 0)
    }
  }

  /// Calls the member of a backend.
  ///
  /// - Precondition: there are as many operands and results as the member has, and all that are not optional.
  /// - Throws: what the member throws.
  public func perform(on backend: some DerivativeBackend) throws {
    func one(_ list: [Operand?], _ index: Int) -> Operand {
      guard list.indices.contains(index), let operand = list[index] else {
        preconditionFailure("\(operation.member) wants an operand at position \(index)")
      }
      return operand
    }
    func operand(_ index: Int) -> Operand { one(operands, index) }
    func out(_ index: Int) -> Operand { one(outs, index) }
    switch operation {
    case .activation(let activation):
      try backend.activationGradient(activation, operand(0), operand(1), to: out(0))
    case .gate: try backend.gateGradient(operand(0), operand(1), to: out(0))
    case .softmax(let scale): try backend.softmaxGradient(operand(0), scale: scale, operand(1), to: out(0))
    case .columnSums: try backend.columnSums(operand(0), to: out(0))
    case .groupNorm(let groups, let epsilon, let activation):
      try backend.groupNormGradient(
        operand(0), groups: groups, gamma: operand(1), beta: operand(2), epsilon: epsilon, activation: activation,
        operand(3), toInput: out(0), toGamma: outs[1], toBeta: outs[2])
    case .layerNorm(let epsilon):
      try backend.layerNormGradient(
        operand(0), gamma: operand(1), epsilon: epsilon, operand(2), toInput: out(0), toGamma: outs[1],
        toBeta: outs[2])
    case .convolutionWeight(let geometry):
      try backend.convolutionWeightGradient(operand(0), geometry, operand(1), to: out(0))
    case .turnedConvolution(let geometry):
      try backend.turnedConvolution(operand(0), weight: operand(1), geometry: geometry, to: out(0))
    case .attention(let scale):
      try backend.attentionGradient(
        operand(0), operand(1), operand(2), scale: scale, operand(3), toQueries: outs[0], toKeys: outs[1],
        toValues: outs[2])
    case .adamW(let factors): try backend.adamW(out(0), first: out(1), second: out(2), operands[0], factors)
    }
  }
}

/// A backend whose derivatives all end in one function, which gets the call as a value: ``CallReceiver`` for
/// ``DerivativeBackend``.
public protocol DerivativeCallReceiver: DerivativeBackend {
  /// Does what a member is called for.
  ///
  /// - Throws: ``BackendError``.
  func receive(_ call: DerivativeCall) throws
}

extension DerivativeCallReceiver {
  public func activationGradient(
    _ activation: Activation, _ x: Operand, _ gradient: Operand, to out: Operand
  ) throws { try receive(DerivativeCall(.activation(activation), [x, gradient], to: [out])) }

  public func gateGradient(_ both: Operand, _ gradient: Operand, to out: Operand) throws {
    try receive(DerivativeCall(.gate, [both, gradient], to: [out]))
  }

  public func softmaxGradient(_ weights: Operand, scale: Float, _ gradient: Operand, to out: Operand) throws {
    try receive(DerivativeCall(.softmax(scale: scale), [weights, gradient], to: [out]))
  }

  public func columnSums(_ x: Operand, to out: Operand) throws {
    try receive(DerivativeCall(.columnSums, [x], to: [out]))
  }

  public func groupNormGradient(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation,
    _ gradient: Operand, toInput input: Operand, toGamma: Operand?, toBeta: Operand?
  ) throws {
    try receive(
      DerivativeCall(
        .groupNorm(groups: groups, epsilon: epsilon, activation: activation), [x, gamma, beta, gradient],
        to: [input, toGamma, toBeta]))
  }

  public func layerNormGradient(
    _ x: Operand, gamma: Operand, epsilon: Float, _ gradient: Operand, toInput input: Operand, toGamma: Operand?,
    toBeta: Operand?
  ) throws {
    try receive(DerivativeCall(.layerNorm(epsilon: epsilon), [x, gamma, gradient], to: [input, toGamma, toBeta]))
  }

  public func convolutionWeightGradient(
    _ x: Operand, _ geometry: ConvolutionGeometry, _ gradient: Operand, to out: Operand
  ) throws { try receive(DerivativeCall(.convolutionWeight(geometry), [x, gradient], to: [out])) }

  public func turnedConvolution(_ x: Operand, weight: Operand, geometry: ConvolutionGeometry, to out: Operand) throws {
    try receive(DerivativeCall(.turnedConvolution(geometry), [x, weight], to: [out]))
  }

  public func attentionGradient(
    _ q: Operand, _ k: Operand, _ v: Operand, scale: Float, _ gradient: Operand, toQueries: Operand?,
    toKeys: Operand?, toValues: Operand?
  ) throws {
    try receive(DerivativeCall(.attention(scale: scale), [q, k, v, gradient], to: [toQueries, toKeys, toValues]))
  }

  public func adamW(
    _ value: Operand, first: Operand, second: Operand, _ gradient: Operand?, _ factors: AdamWFactors
  ) throws { try receive(DerivativeCall(.adamW(factors), [gradient], to: [value, first, second])) }
}

/// A backend that stands before another one, and has its derivatives if it has any.
public protocol ForwardingDerivativeBackend: ForwardingBackend, DerivativeCallReceiver {}

extension ForwardingDerivativeBackend {
  public var derivativeMembers: Set<DerivativeMember> {
    (base as? any DerivativeBackend)?.derivativeMembers ?? []
  }

  /// Passes the call on. Where the base has no derivatives, none of its members is among ``derivativeMembers``, and none is
  /// called.
  public func receive(_ call: DerivativeCall) throws {
    guard let derivatives = base as? any DerivativeBackend else {
      preconditionFailure("\(name) has no \(call.operation.member)")
    }
    try call.perform(on: derivatives)
  }
}
