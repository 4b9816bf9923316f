// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// The constants of AdamW (Loshchilov and Hutter 2019).
public struct AdamWConfiguration: Sendable, Hashable, Codable {
  /// How slowly the first moment forgets, in [0, 1).
  public var beta1: Double
  /// How slowly the second moment forgets, in [0, 1).
  public var beta2: Double
  /// Added to the root of the second moment.
  public var epsilon: Double
  /// The share of a weight that each step takes away, times the learning rate. It falls on all parameters alike.
  public var weightDecay: Double

  /// PyTorch's defaults.
  public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }
}

/// AdamW on the parameters of a tape, with moments in `f32` or in blocks of 8 bits:
///
/// ```
/// p <- p (1 - lr decay)
/// m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2
/// p <- p - lr (m / (1 - b1^k)) / (sqrt(v / (1 - b2^k)) + epsilon)
/// ```
///
/// Not for several threads at once.
public final class AdamW {
  /// What an optimiser knows of one parameter, in the order of its value's axes, on the backend behind the tape.
  public struct Moments: Sendable {
    /// The mean of the gradients.
    public var first: Tensor
    /// The mean of their squares.
    public var second: Tensor

    /// Moments of the parameter's shape, in `f32`.
    public init(first: Tensor, second: Tensor) {
      self.first = first
      self.second = second
    }
  }

  /// The constants.
  public let configuration: AdamWConfiguration
  /// What is optimised.
  public let parameters: [TrainableParameter]
  /// How moments are kept.
  public let storage: MomentStorage
  private var kept: [Kept]
  /// Whether nobody else has the memory of a parameter's moments, so that they may change in place.
  private var isOwned: [Bool]
  /// How many steps were taken.
  public private(set) var stepCount = 0
  private let tape: Tape

  /// The moments of a parameter between two steps.
  enum Kept {
    case tensors(Moments)
    case blocks(first: QuantizedBlocks, second: QuantizedBlocks)
  }

  /// An optimiser that has seen nothing.
  ///
  /// - Throws: `BackendError`.
  public init(
    _ parameters: [TrainableParameter], on tape: Tape, configuration: AdamWConfiguration = AdamWConfiguration(),
    storage: MomentStorage = .single
  ) throws {
    self.parameters = parameters
    self.tape = tape
    self.configuration = configuration
    self.storage = storage
    isOwned = [Bool](repeating: true, count: parameters.count)
    kept = try parameters.map { parameter in
      let shape = parameter.value.shape
      if storage.quantizes(elementCount: shape.elementCount) {
        let zeros = [Float](repeating: 0, count: shape.elementCount)
        return .blocks(
          first: QuantizedBlocks(zeros, isSigned: true), second: QuantizedBlocks(zeros, isSigned: false))
      }
      func zeros() throws -> Tensor { try Tensor(repeating: 0, shape: shape, on: tape.base) }
      return .tensors(Moments(first: try zeros(), second: try zeros()))
    }
  }

  /// The moments, in the order of the parameters.
  ///
  /// - Throws: `BackendError`.
  public func moments() throws -> [Moments] {
    isOwned = isOwned.map { _ in false }
    return try parameters.indices.map(moments)
  }

  private func moments(of index: Int) throws -> Moments {
    switch kept[index] {
    case .tensors(let moments): return moments
    case .blocks(let first, let second):
      let shape = parameters[index].value.shape
      return Moments(
        first: try Tensor(first.values, shape: shape, on: tape.base),
        second: try Tensor(second.values, shape: shape, on: tape.base))
    }
  }

  private func keep(_ moments: Moments, of index: Int) throws {
    if case .blocks = kept[index] {
      kept[index] = .blocks(
        first: QuantizedBlocks(try moments.first.floats(), isSigned: true),
        second: QuantizedBlocks(try moments.second.floats(), isSigned: false))
    } else {
      kept[index] = .tensors(moments)
    }
  }

  /// The bytes that moments in 8 bits take, and one parameter of them as numbers: memory that no backend counts.
  package var hostByteCount: Int {
    let counts = parameters.map(\.value.shape.elementCount).filter(storage.quantizes)
    let blocks = counts.reduce(0) { $0 + 2 * ($1 + 4 * QuantizedBlocks.scaleCount(of: $1)) }
    return blocks + 16 * (counts.max() ?? 0)
  }

  /// What is kept, in the order of the parameters.
  var keptMoments: [Kept] {
    isOwned = isOwned.map { _ in false }
    return kept
  }

  /// Goes on from what another optimiser kept.
  func restore(stepCount: Int, kept: [Kept]) {
    precondition(kept.count == parameters.count, "moments of other parameters")
    self.stepCount = stepCount
    self.kept = kept
    isOwned = isOwned.map { _ in false }
  }

  /// Goes on from where another optimiser was.
  ///
  /// - Parameter moments: in the order of the parameters.
  /// - Throws: `BackendError`.
  public func restore(stepCount: Int, moments: [Moments]) throws {
    precondition(
      moments.count == parameters.count
        && zip(moments, parameters).allSatisfy {
          $0.first.shape == $1.value.shape && $0.second.shape == $1.value.shape
        }, "moments of other parameters")
    self.stepCount = stepCount
    for (index, moment) in moments.enumerated() { try keep(moment, of: index) }
    isOwned = isOwned.map { _ in false }
  }

  /// Moves the parameters.
  ///
  /// - Parameters:
  ///   - gradients: in the order of the parameters and of their values' axes; nil stands for zeros, under which moments
  ///     decay and weights move on.
  ///   - learningRate: of this step.
  ///   - scale: multiplies the gradients, see ``GradientNorm/factor(limit:)``.
  /// - Throws: ``TrainingError/misused(reason:)`` for gradients of other parameters, before anything has changed;
  ///   `BackendError`.
  public func step(_ gradients: [Tensor?], learningRate: Double, scale: Double = 1) throws {
    guard gradients.count == parameters.count else {
      throw TrainingError.misused(reason: "\(gradients.count) gradients were given for \(parameters.count) parameters")
    }
    for (parameter, gradient) in zip(parameters, gradients)
    where gradient?.shape ?? parameter.value.shape != parameter.value.shape {
      throw TrainingError.misused(
        reason: "the gradient \(gradient?.shape ?? []) of \(parameter.key) is not of its shape \(parameter.value.shape)"
      )
    }
    stepCount += 1
    for (index, parameter) in parameters.enumerated() {
      var moments = try moments(of: index)
      try update(
        parameter, gradients[index], &moments, isOwned: isOwned[index], learningRate: learningRate, scale: scale)
      isOwned[index] = true
      try keep(moments, of: index)
    }
  }

  private func update(
    _ parameter: TrainableParameter, _ gradient: Tensor?, _ moments: inout Moments, isOwned: Bool,
    learningRate: Double, scale: Double
  ) throws {
    let (beta1, beta2) = (configuration.beta1, configuration.beta2)
    if let fast = (tape.base as? any DerivativeBackend)?.having(.adamW) {
      let value = tape.onBase(parameter.value)
      // The moments may be shared with whoever was handed them.
      let own =
        isOwned
        ? moments : Moments(first: try moments.first.duplicated(), second: try moments.second.duplicated())
      let firstCorrection = 1 - power(beta1, stepCount)
      try fast.adamW(
        value.operand, first: own.first.operand, second: own.second.operand, gradient?.operand,
        AdamWFactors(
          gradientScale: Float(scale), beta1: beta1, beta2: beta2,
          deviationScale: Float(1 / (1 - power(beta2, stepCount)).squareRoot()), epsilon: Float(configuration.epsilon),
          decay: Float(1 - learningRate * configuration.weightDecay), rate: Float(learningRate / firstCorrection)))
      tape.noteAssignment(to: parameter.value)
      moments = own
      return
    }
    moments.first = try moments.first * Float(beta1)
    moments.second = try moments.second * Float(beta2)
    if let gradient {
      let scaled = scale == 1 ? gradient : try gradient * Float(scale)
      moments.first = try moments.first + scaled * Float(1 - beta1)
      moments.second = try moments.second + scaled * scaled * Float(1 - beta2)
    }
    let firstCorrection = 1 - power(beta1, stepCount)
    let secondCorrection = 1 - power(beta2, stepCount)
    let deviation = try moments.second.sqrt().affine(
      scale: Float(1 / secondCorrection.squareRoot()), offset: Float(configuration.epsilon))
    let decayed = try tape.onBase(parameter.value) * Float(1 - learningRate * configuration.weightDecay)
    let moved = try decayed + moments.first / deviation * Float(-learningRate / firstCorrection)
    try tape.assign(moved, to: parameter.value)
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}
