// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A value behind a lock.
package final class Locked<Value: Sendable>: Sendable {
  private let storage: Mutex<Value>

  package init(_ value: Value) { storage = Mutex(value) }

  /// A copy of the value.
  package var value: Value { storage.withLock { $0 } }

  /// Changes the value and returns what `body` returns.
  package func mutate<R: Sendable>(_ body: @Sendable (inout Value) throws -> R) rethrows -> R {
    try storage.withLock { value in try body(&value) }
  }
}
