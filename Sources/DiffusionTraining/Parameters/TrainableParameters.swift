// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Synchronization

/// Parameters of which some learn: those become variables of a tape, in `f32` and in memory of their own; all others
/// are the source's, mapped and in half precision if they are so there.
///
/// ```swift
/// let source = TrainableParameters(checkpoint, on: tape) { $0.contains(".lora_") }
/// let unet = try UNet(Parameters(source), ...)
/// source.parameters   // what learns, in the order of loading
/// ```
public final class TrainableParameters: ParameterSource {
  private let source: any ParameterSource
  private let tape: Tape
  private let isTrained: @Sendable (_ key: String) -> Bool
  private let added: AddedBranches?
  private let known = Mutex<[TrainableParameter]>([])

  /// Parameters of a source whose backend is the tape.
  ///
  /// - Parameters:
  ///   - added: low-rank branches that learn beside the model's own.
  ///   - isTrained: whether the parameter of a key learns.
  public init(
    _ source: any ParameterSource, on tape: Tape, added: AddedBranches? = nil,
    isTrained: @escaping @Sendable (_ key: String) -> Bool
  ) {
    self.source = source
    self.tape = tape
    self.added = added
    self.isTrained = isTrained
  }

  /// What was asked for so far and learns, in that order.
  public var parameters: [TrainableParameter] { known.withLock { $0 } }

  public func contains(_ key: String) -> Bool { source.contains(key) }

  public func parameter(_ key: String, shape: Shape) throws -> Tensor {
    guard isTrained(key) else { return try source.parameter(key, shape: shape) }
    return try variable(key, .checkpoint) { try source.parameter(key, shape: shape) }
  }

  public func kernel(_ key: String, shape: Shape) throws -> Tensor {
    guard isTrained(key) else { return try source.kernel(key, shape: shape) }
    return try variable(key, .channelsLast) { try source.kernel(key, shape: shape) }
  }

  /// A pair of variables under the keys of the module's branch: `down` of random numbers, `up` of zeros, so that nothing is
  /// added until it has learned.
  public func addedBranch(_ branch: LoRABranch, of module: String, inputs: Int, outputs: Int) throws
    -> SplitLoRALinear.LowRank?
  {
    guard let added, let rank = (branch == .foreground ? added.foreground : added.background) else { return nil }
    let r = rank.value(inputs: inputs, outputs: outputs)
    let name = branch == .foreground ? "fg" : "bg"
    let key = "\(module).lora_down_\(name).weight"
    let down = try variable(key, .checkpoint) {
      var hash = StableHash()
      hash.add(key)
      var random = TrainingRandom(seed: added.seed, 1, hash.value)
      let scale = Float(1 / Double(r).squareRoot())
      return try Tensor(random.normals(r * inputs).map { $0 * scale }, shape: [r, inputs], on: tape.base)
    }
    let up = try variable("\(module).lora_up_\(name).weight", .checkpoint) {
      try Tensor(repeating: 0, shape: [outputs, r], on: tape.base)
    }
    return SplitLoRALinear.LowRank(down: down, up: up)
  }

  /// The variable of a key, made when it is first asked for, so that a part that is loaded again is the same.
  private func variable(_ key: String, _ order: TrainableParameter.Order, _ load: () throws -> Tensor) throws -> Tensor
  {
    if let parameter = known.withLock({ $0.first { $0.key == key && $0.order == order } }) { return parameter.value }
    let loaded = tape.onBase(try load())
    let own = try Tensor(uninitialized: loaded.shape, on: tape.base)
    try tape.base.copy(loaded.operand, to: own.operand)
    let parameter = TrainableParameter(key: key, value: tape.variable(own), order: order)
    known.withLock { $0.append(parameter) }
    return parameter.value
  }
}

/// Low-rank branches that are added to a model's own and learn.
public struct AddedBranches: Sendable, Hashable {
  /// The rank of those for the foreground; nil for none.
  public var foreground: LoRARank?
  /// The rank of those for the background; nil for none.
  public var background: LoRARank?
  /// Decides the random numbers that they begin with.
  public var seed: UInt64

  /// Branches of given ranks. `down` begins with N(0, 1 / r) and `up` with zeros (Hu et al. 2021).
  public init(foreground: LoRARank?, background: LoRARank?, seed: UInt64 = 0) {
    self.foreground = foreground
    self.background = background
    self.seed = seed
  }
}
