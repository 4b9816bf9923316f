// SPDX-License-Identifier: Apache-2.0

/// What kind of fault an error is: enough for a program to choose an exit code, without knowing every type.
public enum ErrorCategory: String, Sendable, Hashable, CaseIterable {
  /// What was asked for cannot be: an option, an input.
  case usage
  /// The model's files are missing, damaged, or do not fit together.
  case model
  /// Something failed while running: memory, disk, device, numbers.
  case run
}

/// An error that says what kind of fault it is. The errors of all modules do.
public protocol CategorizedError: Error, CustomStringConvertible {
  /// What kind of fault it is.
  var category: ErrorCategory { get }
}

extension FileError: CategorizedError {
  package var category: ErrorCategory { .usage }
}

extension UnwritableFile: CategorizedError {
  package var category: ErrorCategory { .run }
}
