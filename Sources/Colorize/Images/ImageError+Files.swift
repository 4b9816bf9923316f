// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ImageError {
  /// What is wrong with a picture's file.
  package init(_ error: FileError) {
    switch error {
    case .notFound(let file): self = .notFound(file: file)
    case .unreadable(let file, let reason): self = .unreadable(file: file, reason: reason)
    case .empty(let file): self = .empty(file: file)
    case .tooLarge(let file, let byteCount, let limit):
      self = .tooLarge(file: file, reason: "a file of \(byteCount) bytes, where at most \(limit) are read")
    }
  }

  /// Why a picture's file cannot be written.
  package init(_ error: UnwritableFile) {
    self =
      error.isTaken
      ? .fileExists(file: error.file, savedAs: error.savedAs) : .unwritable(file: error.file, reason: error.reason)
  }
}

extension Image {
  /// The bytes of a picture's file.
  ///
  /// - Throws: ``ImageError/notFound(file:)``, ``ImageError/unreadable(file:reason:)``, ``ImageError/empty(file:)``
  ///   or ``ImageError/tooLarge(file:reason:)``.
  package static func bytes(ofFile path: String) throws(ImageError) -> [UInt8] {
    do {
      return try FileReader.bytes(of: path, limit: maximumFileSize)
    } catch {
      throw ImageError(error)
    }
  }
}
