// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Synchronization

/// A backend that stands before another one, records the calls that reach it, and runs them backwards: reverse-mode
/// automatic differentiation (Griewank and Walther 2008).
///
/// Models, layers and operations run on it as on any backend and know nothing of it; the other backend does all the
/// computing, forwards and backwards, and may be any.
///
/// ```swift
/// let tape = Tape(backend)
/// let w = tape.variable(try Tensor(values, shape: [3, 2], on: backend))
/// let loss = try tape.recording { try Loss.meanSquaredError(x.linear(weight: w), target) }
/// let gradient = try tape.gradients(of: loss, at: [w])[0]
/// ```
///
/// Only calls that depend on a variable are recorded, and of their operands only those are kept that a wanted gradient
/// needs: a frozen linear layer keeps nothing. Gradients are in `f32` whatever the storage.
///
/// One recording at a time, on one thread.
public final class Tape: ForwardingBackend, CallReceiver {
  public let base: any Backend
  /// Where the values that derivatives need come from.
  public let memory: TapeMemory

  struct State {
    /// The number of the current recording; the nodes of others are constants.
    var recording = 1
    /// Whether calls are recorded now.
    var isRecording = false
    /// Whether a recording has begun and not ended; calls within it need not be recorded.
    var isOpen = false
    var entries: [TapeEntry] = []
    var part = 0
    var partByteCount = 0
  }

  let state = Mutex(State())

  /// A tape before a backend.
  public init(_ base: any Backend, memory: TapeMemory = .kept) {
    self.base = base
    self.memory = memory
  }

  // MARK: Memory

  public func makeBuffer(byteCount: Int) throws -> any Buffer { TapeBuffer(try base.makeBuffer(byteCount: byteCount)) }

  public func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer {
    TapeBuffer(try base.makeBuffer(copying: bytes))
  }

  public func makeBuffer(
    mapping bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable
  ) throws -> any Buffer {
    TapeBuffer(try base.makeBuffer(mapping: bytes, owner: owner))
  }

  public func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    try base.read((buffer as? TapeBuffer)?.base ?? buffer, byteOffset: byteOffset, into: target)
  }

  // MARK: Variables

  /// The same memory as a tensor on this tape, with respect to which gradients can be had.
  ///
  /// What was recorded of how it came about is not followed.
  ///
  /// - Parameter tensor: a tensor of this tape or of the backend behind it.
  public func variable(_ tensor: Tensor) -> Tensor { wrapped(tensor, isVariable: true) }

  /// The same memory as a tensor on this tape, through which no gradient flows.
  ///
  /// - Parameter tensor: a tensor of this tape or of the backend behind it.
  public func constant(_ tensor: Tensor) -> Tensor { wrapped(tensor, isVariable: false) }

  private func wrapped(_ tensor: Tensor, isVariable: Bool) -> Tensor {
    let operand = tensor.operand.unwrapped
    let node = Node(byteCount: operand.buffer.byteCount, isVariable: isVariable)
    return Tensor(
      Operand(buffer: TapeBuffer(operand.buffer, node: node), view: operand.view, dtype: operand.dtype), on: self)
  }

  /// The same memory as a tensor on the backend behind the tape.
  public func onBase(_ tensor: Tensor) -> Tensor { Tensor(tensor.operand.unwrapped, on: base) }

  /// Gives a variable other values, in place: every model that holds it computes with them from now on.
  ///
  /// - Parameters:
  ///   - values: a tensor of this tape or of the backend behind it, of the variable's shape.
  ///   - variable: from ``variable(_:)``.
  /// - Throws: ``TrainingError/misused(reason:)`` for values of another shape; `BackendError`.
  public func assign(_ values: Tensor, to variable: Tensor) throws {
    guard values.shape == variable.shape else {
      throw TrainingError.misused(reason: "values \(values.shape) cannot be assigned to a variable \(variable.shape)")
    }
    try base.copy(values.operand.unwrapped, to: variable.operand.unwrapped)
    variable.operand.node?.noteWrite()
  }

  /// Notes that a variable got other values in its memory.
  func noteAssignment(to variable: Tensor) { variable.operand.node?.noteWrite() }

  // MARK: Recording

  /// Computes, and records what is computed from variables. An earlier recording is forgotten.
  ///
  /// - Throws: ``TrainingError/misused(reason:)`` within another recording of the tape, or while another thread records;
  ///   what `body` throws, and nothing is recorded then.
  public func recording<R>(_ body: () throws -> R) throws -> R {
    let isFree = state.withLock { state in
      defer { state.isOpen = true }
      return !state.isOpen
    }
    guard isFree else {
      throw TrainingError.misused(reason: "a recording was begun before the last one of the same tape had ended")
    }
    forget()
    state.withLock { $0.isRecording = true }
    defer {
      state.withLock {
        $0.isRecording = false
        $0.isOpen = false
      }
    }
    do {
      return try body()
    } catch {
      forget()
      throw error
    }
  }

  /// Computes within a recording without recording it: gradients take the result for a constant.
  ///
  /// - Throws: what `body` throws.
  public func withoutRecording<R>(_ body: () throws -> R) throws -> R {
    let before = state.withLock { state in
      defer { state.isRecording = false }
      return state.isRecording
    }
    defer { state.withLock { $0.isRecording = before } }
    return try body()
  }

  /// Lets the last recording go, with all that it kept.
  public func forget() { _ = takeEntries() }

  /// How many calls the last recording holds.
  public var recordedCallCount: Int { state.withLock { $0.entries.count } }

  /// The last recording's number and calls, which are the caller's now.
  func takeEntries() -> (recording: Int, entries: [TapeEntry]) {
    state.withLock { state in
      defer {
        state.entries = []
        state.recording += 1
        state.part = 0
        state.partByteCount = 0
      }
      return (state.recording, state.entries)
    }
  }

  /// Carries a call out on the backend behind the tape, and notes it.
  public func receive(_ call: BackendCall) throws {
    if let (plain, activation) = call.partedActivation, keepsWhatStands(before: call) {
      // A derivative needs what stood before the activation: kept, it need not be made by another product.
      let between = Operand(
        buffer: try makeBuffer(byteCount: call.out.shape.elementCount * DType.f32.byteWidth),
        view: View(contiguous: call.out.shape), dtype: .f32)
      try carryOut(BackendCall(plain, call.operands, to: between))
      return try carryOut(BackendCall(.unary(activation), [between], to: call.out))
    }
    try carryOut(call)
  }

  /// Whether values are kept, and a gradient flows through the call.
  private func keepsWhatStands(before call: BackendCall) -> Bool {
    // A buffer that more is written to must not be what a derivative keeps.
    let isWhole =
      call.out.view.isContiguous
      && call.out.shape.elementCount * call.out.dtype.byteWidth == call.out.buffer.byteCount
    guard memory == .kept, isWhole else { return false }
    return state.withLock { state in
      state.isRecording && call.operands.contains { $0?.node?.isTracked(in: state.recording) ?? false }
    }
  }

  private func carryOut(_ call: BackendCall) throws {
    var forwarded = call
    forwarded.operands = call.operands.map { $0?.unwrapped }
    forwarded.out = call.out.unwrapped
    try forwarded.perform(on: base)
    state.withLock { note(call, in: &$0) }
  }
}

extension BackendCall {
  /// A product with an activation as a product without one, and the activation; nil where none stands, or something behind.
  fileprivate var partedActivation: (Operation, UnaryFunction)? {
    func function(_ activation: Activation) -> UnaryFunction? {
      switch activation {
      case .none: nil
      case .silu: .silu
      case .gelu: .gelu
      case .relu: .relu
      }
    }
    guard operands.count == 4, operands[3] == nil else { return nil }
    return switch operation {
    case .linear(let activation): function(activation).map { (.linear(.none), $0) }
    case .convolution(let geometry, let activation):
      function(activation).map { (.convolution(geometry, .none), $0) }
    default: nil
    }
  }
}
