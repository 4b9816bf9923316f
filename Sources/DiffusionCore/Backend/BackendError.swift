// SPDX-License-Identifier: Apache-2.0

/// What can go wrong on a backend for reasons outside the program: memory, device, choice of device.
public enum BackendError: Error, Sendable, Equatable, CustomStringConvertible {
  /// An allocation failed.
  case outOfMemory(backend: String, requestedBytes: Int)
  /// A job would not fit; it was not started.
  case insufficientMemory(MemoryShortage)
  /// No backend of this name is registered.
  case unknownBackend(name: String, known: [String])
  /// The device refused or failed to work.
  case deviceFailure(backend: String, reason: String)
  /// The device stopped working for good. Every later call throws the same error, and nothing that was computed since
  /// the last successful read can be had; make a new backend.
  case deviceLost(backend: String, reason: String)
  /// A setting of the backend is out of its range.
  case invalidOption(name: String, value: String, expected: String)

  public var description: String {
    switch self {
    case .outOfMemory(let backend, let bytes):
      "backend \(backend): no memory for another \((max(bytes, 1) - 1) >> 20 + 1) MiB; choose a smaller size or batch"
    case .insufficientMemory(let shortage):
      "backend \(shortage.backend): \(shortage)"
    case .unknownBackend(let name, let known):
      "there is no backend “\(name)”; there are: \(known.joined(separator: ", "))"
    case .deviceFailure(let backend, let reason):
      "backend \(backend): \(reason)"
    case .deviceLost(let backend, let reason):
      "backend \(backend) is lost: \(reason); start again, with a smaller size or on another device if it recurs"
    case .invalidOption(let name, let value, let expected):
      "backend option \(name) is \(value), expected \(expected)"
    }
  }
}

extension BackendError: CategorizedError {
  public var category: ErrorCategory {
    switch self {
    case .unknownBackend, .invalidOption: .usage
    case .outOfMemory, .insufficientMemory, .deviceFailure, .deviceLost: .run
    }
  }
}
