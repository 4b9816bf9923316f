// SPDX-License-Identifier: Apache-2.0

/// What a backend recorded of a computation, to repeat it on other inputs.
public protocol Recording: AnyObject, Sendable {
  /// Does the computation on inputs of the recorded shapes and element types.
  ///
  /// - Returns: the result, which is the caller's own; nil if the recording is gone, for want of memory.
  /// - Throws: ``BackendError``.
  func replay(_ inputs: [Operand]) throws -> Operand?
}
