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
  private let known = Mutex<[TrainableParameter]>([])

  /// Parameters of a source whose backend is the tape.
  ///
  /// - Parameter isTrained: whether the parameter of a key learns.
  public init(_ source: any ParameterSource, on tape: Tape, isTrained: @escaping @Sendable (_ key: String) -> Bool) {
    self.source = source
    self.tape = tape
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
