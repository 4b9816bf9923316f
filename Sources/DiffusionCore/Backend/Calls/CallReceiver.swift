// SPDX-License-Identifier: Apache-2.0

/// A backend whose computing members all end in one function, which gets the call as a value.
///
/// For backends that stand before others or compute nothing: those that time, count, check or spoil. Together with
/// ``ForwardingBackend`` nothing else is left to write:
///
/// ```swift
/// final class Tracing: ForwardingBackend, CallReceiver {
///   let base: any Backend
///   init(_ base: any Backend) { self.base = base }
///   func receive(_ call: BackendCall) throws {
///     print(call.member, call.flops, call.byteCount)
///     try call.perform(on: base)
///   }
/// }
/// ```
///
/// ``ProfilingBackend`` is one that measures.
public protocol CallReceiver: PrimitiveCallReceiver {}

/// Like ``CallReceiver``, for the primitives alone: the fused members keep their defaults, which are made of primitives
/// and arrive as such.
public protocol PrimitiveCallReceiver: Backend {
  /// Does what a member is called for.
  ///
  /// - Throws: ``BackendError``.
  func receive(_ call: BackendCall) throws
}

extension PrimitiveCallReceiver {
  public func fill(_ out: Operand, with value: Float) throws { try receive(BackendCall(.fill(value), [], to: out)) }

  public func copy(_ x: Operand, to out: Operand) throws { try receive(BackendCall(.copy, [x], to: out)) }

  public func affine(_ x: Operand, scale: Float, offset: Float, to out: Operand) throws {
    try receive(BackendCall(.affine(scale: scale, offset: offset), [x], to: out))
  }

  public func unary(_ function: UnaryFunction, _ x: Operand, to out: Operand) throws {
    try receive(BackendCall(.unary(function), [x], to: out))
  }

  public func binary(_ function: BinaryFunction, _ a: Operand, _ b: Operand, to out: Operand) throws {
    try receive(BackendCall(.binary(function), [a, b], to: out))
  }

  public func select(_ condition: Operand, _ a: Operand, _ b: Operand, to out: Operand) throws {
    try receive(BackendCall(.select, [condition, a, b], to: out))
  }

  public func reduce(_ reduction: Reduction, _ x: Operand, to out: Operand) throws {
    try receive(BackendCall(.reduce(reduction), [x], to: out))
  }

  public func matmul(_ a: Operand, _ b: Operand, to out: Operand) throws {
    try receive(BackendCall(.matmul, [a, b], to: out))
  }

  public func conv2d(_ x: Operand, weight: Operand, _ geometry: ConvolutionGeometry, to out: Operand) throws {
    try receive(BackendCall(.conv2d(geometry), [x, weight], to: out))
  }

  public func resample(_ x: Operand, axis: Int, taps: ResampleTaps, to out: Operand) throws {
    try receive(BackendCall(.resample(axis: axis, taps: taps), [x], to: out))
  }
}

extension CallReceiver {
  public func softmax(_ x: Operand, scale: Float, to out: Operand) throws {
    try receive(BackendCall(.softmax(scale: scale), [x], to: out))
  }

  public func layerNorm(_ x: Operand, gamma: Operand, beta: Operand, epsilon: Float, to out: Operand) throws {
    try receive(BackendCall(.layerNorm(epsilon: epsilon), [x, gamma, beta], to: out))
  }

  public func groupNorm(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation, to out: Operand
  ) throws {
    try receive(
      BackendCall(
        .groupNorm(groups: groups, epsilon: epsilon, activation: activation), [x, gamma, beta], to: out))
  }

  public func linear(
    _ x: Operand, weight: Operand, bias: Operand?, activation: Activation, residual: Operand?, to out: Operand
  ) throws {
    try receive(BackendCall(.linear(activation), [x, weight, bias, residual], to: out))
  }

  public func gatedLinear(_ x: Operand, weight: Operand, bias: Operand, to out: Operand) throws {
    try receive(BackendCall(.gatedLinear, [x, weight, bias], to: out))
  }

  public func convolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    try receive(BackendCall(.convolution(geometry, activation), [x, weight, bias, residual], to: out))
  }

  public func attention(_ q: Operand, _ k: Operand, _ v: Operand, scale: Float, to out: Operand) throws {
    try receive(BackendCall(.attention(scale: scale), [q, k, v], to: out))
  }

  public func pool(_ pooling: Pooling, _ x: Operand, geometry: PoolingGeometry, to out: Operand) throws {
    try receive(BackendCall(.pool(pooling, geometry), [x], to: out))
  }
}
