// SPDX-License-Identifier: Apache-2.0

/// Why a file cannot be read.
package enum FileError: Error, Sendable, Equatable {
  case notFound(file: String)
  case unreadable(file: String, reason: String)
  case empty(file: String)
  case tooLarge(file: String, byteCount: Int, limit: Int)
}

extension FileError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notFound(let file): "\(file): there is no such file. Check the path."
    case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)."
    case .empty(let file): "\(file): the file is empty."
    case .tooLarge(let file, let byteCount, let limit):
      "\(file): a file of \(byteCount) bytes, where at most \(limit) are read."
    }
  }
}

/// Why a file cannot be written, or not under its name.
package struct UnwritableFile: Error, Sendable, Equatable, CustomStringConvertible {
  package let file: String
  package let reason: String
  /// Whether the reason is another file that is there, and was not to be replaced.
  package let isTaken: Bool
  /// Where the bytes are instead, if they are anywhere.
  package let savedAs: String?

  package init(file: String, reason: String) {
    self.file = file
    self.reason = reason
    isTaken = false
    savedAs = nil
  }

  /// There is another file of that name.
  package init(taken file: String, savedAs: String? = nil) {
    self.file = file
    reason = "there is another file, which is not replaced"
    isTaken = true
    self.savedAs = savedAs
  }

  package var description: String {
    isTaken ? Self.takenDescription(file, savedAs: savedAs) : "\(file): cannot be written: \(reason)."
  }

  /// The words of all modules for a file that is not replaced.
  package static func takenDescription(_ file: String, savedAs: String?) -> String {
    guard let savedAs else { return "\(file): it exists already, and is not replaced. Give another path." }
    return "\(file): another file is there by now, which is not replaced. What was to be written is in \(savedAs)."
  }
}
