// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// The derivative of one call: from the gradient of the result to those of the operands.
///
/// It is written in operations on tensors, so that it runs wherever the call ran.
struct Derivative {
  let operation: BackendCall.Operation
  /// The operands' shapes; nil for one that is absent.
  let shapes: [Shape?]
  /// The operands whose gradients are wanted.
  let needs: [Bool]
  /// Where it is computed. Stores results in `f32`.
  let backend: any Backend
  private let values: [Tensor?]
  private let resultValue: Tensor?

  init(_ entry: TapeEntry, on backend: any Backend) {
    func tensor(_ place: TapeEntry.Place?) -> Tensor? { place?.operand.map { Tensor($0, on: backend) } }
    operation = entry.operation
    shapes = entry.operands.map { $0?.view.shape }
    needs = entry.needs
    self.backend = backend
    values = entry.operands.map(tensor)
    resultValue = tensor(entry.out)
  }

  /// The backend, where it has a derivative of its own.
  func fast(_ member: DerivativeMember) -> (any DerivativeBackend)? {
    (backend as? any DerivativeBackend)?.having(member)
  }

  /// The value of an operand.
  ///
  /// - Precondition: it is kept, see `keptValues(needs:)`.
  func value(_ index: Int) -> Tensor {
    guard let value = values[index] else { preconditionFailure("operand \(index) of \(operation) was not kept") }
    return value
  }

  /// The value of an operand that may be absent.
  func optionalValue(_ index: Int) -> Tensor? { shapes[index] == nil ? nil : value(index) }

  /// The value of the result.
  var result: Tensor {
    guard let resultValue else { preconditionFailure("the result of \(operation) was not kept") }
    return resultValue
  }

  /// The gradients of the operands, each of its operand's shape; nil where none is wanted.
  ///
  /// - Parameter gradient: of the result's shape.
  func gradients(of gradient: Tensor) throws -> [Tensor?] {
    if gradient.shape.elementCount == 0 {
      return try zip(shapes, needs).map { shape, isNeeded in try isNeeded ? shape.map(zeros) : nil }
    }
    return switch operation {
    case .fill: []
    case .copy: [gradient]
    case .affine(let scale, _): [try scale == 1 ? gradient : gradient * scale]
    case .unary(let function): [try unary(function, gradient)]
    case .binary(let function): try binary(function, gradient)
    case .select: try select(gradient)
    case .reduce(let reduction): [try reduce(reduction, gradient)]
    case .softmax(let scale): [try softmax(scale, gradient)]
    case .matmul: try matmul(gradient)
    case .linear(let activation): try linear(activation, gradient)
    case .gatedLinear: try gatedLinear(gradient)
    case .conv2d(let geometry): try convolution(geometry, .none, gradient)
    case .convolution(let geometry, let activation): try convolution(geometry, activation, gradient)
    case .resample(let axis, let taps): [try gradient.resampled(axis: axis, taps: taps.transposed)]
    case .layerNorm(let epsilon): try layerNorm(epsilon, gradient)
    case .groupNorm(let groups, let epsilon, let activation): try groupNorm(groups, epsilon, activation, gradient)
    case .attention(let scale): try attention(scale, gradient)
    case .pool(let pooling, let geometry): [try pool(pooling, geometry, gradient)]
    }
  }

  /// Calls `body` if the operand's gradient is wanted, and is not without elements.
  func wanted(_ index: Int, _ body: () throws -> Tensor) throws -> Tensor? {
    guard needs[index], let shape = shapes[index] else { return nil }
    return try shape.elementCount == 0 ? zeros(shape) : body()
  }

  private func zeros(_ shape: Shape) throws -> Tensor { try Tensor(repeating: 0, shape: shape, on: backend) }

  /// A new tensor that a derivative of the backend's own fills.
  func made(_ shape: Shape, _ body: (Operand) throws -> Void) throws -> Tensor {
    let out = try Tensor(uninitialized: shape, dtype: .f32, on: backend)
    try body(out.operand)
    return out
  }

  /// One number that broadcasts.
  func scalar(_ value: Float) throws -> Tensor { try Tensor(repeating: value, shape: [], on: backend) }
}
