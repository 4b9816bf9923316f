// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Synchronization

/// What a tape knows of one buffer: the place at which gradients with respect to its elements gather.
///
/// A node outlives the buffer: the derivative of a call needs to know where a gradient goes, rarely what stood there.
final class Node: Sendable {
  struct State {
    /// The recording that the rest belongs to.
    var recording = 0
    /// Whether something that depends on a variable was written.
    var isTracked = false
    /// Whether the memory has to be kept, since the tape could not make its content again.
    var isKept = false
    /// What was written so far.
    var writes: [View] = []
    /// The part of the recording in which the buffer was written first.
    var part = 0
    /// Counts all writes, so that a value that changed after it was read is noticed.
    var version = 0
  }

  /// The size of the buffer.
  let byteCount: Int
  /// Whether gradients are wanted for the buffer, whatever made it.
  let isVariable: Bool
  private let state = Mutex(State())

  init(byteCount: Int, isVariable: Bool = false) {
    self.byteCount = byteCount
    self.isVariable = isVariable
  }

  /// The state in a recording.
  func state(in recording: Int) -> State {
    state.withLock { state in
      var current = state
      if current.recording != recording { current = State(recording: recording, version: state.version) }
      return current
    }
  }

  func replaceState(_ new: State) { state.withLock { $0 = new } }

  /// Notes a write that nothing is recorded of.
  func noteWrite() { state.withLock { $0.version += 1 } }

  var version: Int { state.withLock { $0.version } }

  /// Whether gradients flow through the buffer in a recording.
  func isTracked(in recording: Int) -> Bool { isVariable || state(in: recording).isTracked }
}

/// A buffer of the backend behind a tape, with the node that stands for it.
final class TapeBuffer: Buffer {
  let base: any Buffer
  let node: Node

  init(_ base: any Buffer, node: Node? = nil) {
    self.base = base
    self.node = node ?? Node(byteCount: base.byteCount)
  }

  var byteCount: Int { base.byteCount }
}

extension Operand {
  /// The node of the operand's buffer; nil if another backend than a tape made it.
  var node: Node? { (buffer as? TapeBuffer)?.node }

  /// The operand as the backend behind the tape knows it.
  var unwrapped: Operand {
    guard let wrapped = buffer as? TapeBuffer else { return self }
    return Operand(buffer: wrapped.base, view: view, dtype: dtype)
  }
}
