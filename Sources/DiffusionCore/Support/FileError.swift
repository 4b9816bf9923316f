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

/// Why a file cannot be written.
package struct UnwritableFile: Error, Sendable, Equatable, CustomStringConvertible {
  package let file: String
  package let reason: String

  package init(file: String, reason: String) {
    self.file = file
    self.reason = reason
  }

  package var description: String { "\(file): cannot be written: \(reason)." }
}
