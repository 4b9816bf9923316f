// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A call on the tape: what ran, on what, and what its derivative needs.
struct TapeEntry: Sendable {
  /// An operand or a result.
  struct Place: Sendable {
    /// The buffer's node; nil for memory that the tape does not know.
    let node: Node?
    let view: View
    let dtype: DType
    /// The memory on the backend behind the tape, where it is kept.
    var buffer: (any Buffer)?
    /// How often the buffer had been written.
    let version: Int

    init(_ operand: Operand, isKept: Bool) {
      node = operand.node
      view = operand.view
      dtype = operand.dtype
      buffer = isKept ? operand.unwrapped.buffer : nil
      version = operand.node?.version ?? 0
    }

    /// How many elements the buffer has.
    var elementCount: Int { (node?.byteCount ?? 0) / dtype.byteWidth }

    /// The place in the memory that is kept.
    var operand: Operand? { buffer.map { Operand(buffer: $0, view: view, dtype: dtype) } }
  }

  let member: String
  let operation: BackendCall.Operation
  var operands: [Place?]
  var out: Place
  /// The operands whose gradients are wanted.
  let needs: [Bool]
  /// What the derivative takes of the call.
  let keeps: KeptValues
  /// Whether the call wrote over what an earlier one had written.
  let overwrites: Bool
  /// Whether the call was the first to write its buffer.
  let isFirst: Bool
  /// The part of the recording that is computed again as one, where nothing is kept.
  var part: Int
}

/// Which values of a call its derivative needs, given the gradients that are wanted.
struct KeptValues: Sendable, Equatable {
  /// For each operand.
  var operands: [Bool]
  var result = false
}
