// SPDX-License-Identifier: Apache-2.0

/// A computation that is done many times with inputs of the same shapes, such as a denoising step.
///
/// A backend that can (``Backend/record(_:_:)``) records it once and repeats it at little cost; any other does it anew
/// each time, and so does this one where the computation brings bytes from the host or reads some back. The last
/// computation is kept, with the memory of its intermediate results, until another one comes or this object goes.
///
/// ```swift
/// let replay = Replay()
/// for x in inputs { y = try replay.run([x], as: "double") { try $0[0] * 2 } }
/// ```
///
/// Not for several threads at once.
public final class Replay {
  private struct Key: Equatable {
    let name: AnyHashable
    let shapes: [Shape]
    let dtypes: [DType]
    let backend: ObjectIdentifier
  }

  private enum State {
    case recorded(any Recording)
    /// The backend cannot repeat it.
    case direct
  }

  private var key: Key?
  private var state = State.direct

  /// Nothing recorded.
  public init() {}

  /// Gives what `body` makes of the inputs.
  ///
  /// - Parameters:
  ///   - inputs: everything that differs from one run to the next; at least one.
  ///   - name: stands for everything else that `body` depends on. As long as name, shapes and element types stay the
  ///     same, `body` need not be called, so it must not do anything but compute, and must not keep a tensor.
  ///   - body: the computation. Its tensors hold nothing to be looked at while it is recorded.
  /// - Throws: ``BackendError``, and what `body` throws.
  public func run(
    _ inputs: [Tensor], as name: some Hashable & Sendable, _ body: ([Tensor]) throws -> Tensor
  ) throws -> Tensor {
    precondition(!inputs.isEmpty, "nothing that could differ")
    let backend = inputs[0].backend
    let operands = inputs.map(\.operand)
    let wanted = Key(
      name: AnyHashable(name), shapes: inputs.map(\.shape), dtypes: inputs.map(\.dtype),
      backend: ObjectIdentifier(backend))
    if key == wanted {
      switch state {
      case .direct: return try body(inputs)
      case .recorded(let recording):
        if let result = try recording.replay(operands) { return Tensor(result, on: backend) }
      }
    }
    // The memory of the one before is free for this one.
    forget()
    let recording = try backend.record(operands) { operands in
      try body(operands.map { Tensor($0, on: backend) }).operand
    }
    guard let recording else {
      key = wanted
      return try body(inputs)
    }
    guard let result = try recording.replay(operands) else { return try body(inputs) }
    key = wanted
    state = .recorded(recording)
    return Tensor(result, on: backend)
  }

  /// Gives the memory of what is recorded back.
  public func forget() {
    key = nil
    state = .direct
  }
}
