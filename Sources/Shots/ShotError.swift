// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Why a shot cannot be coloured at all. What is wrong with single frames is in their ``ShotOutcome``.
public enum ShotError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A pattern of file names that cannot be read, or does not go with the frames.
  case invalidPattern(String, reason: String)
  /// No file is there that the pattern describes.
  case noFrames(pattern: String)
  /// Two frames that cannot be told apart, or would be written to the same file.
  case conflict(reason: String)
  /// A selection of frames or a shard that cannot be read.
  case invalidSelection(String, reason: String)
  /// A sheet of single frames' settings that cannot be read; the place is a line or a key.
  case invalidSheet(file: String, place: String, reason: String)
  /// The manifest cannot be read or written.
  case unusableManifest(file: String, reason: String)
  /// A picture could not be written: the disk is full, or the folder cannot be written to any more.
  case unwritable(file: String, reason: String)

  public var description: String {
    switch self {
    case .invalidPattern(let pattern, let reason): "\(pattern): \(reason)"
    case .noFrames(let pattern): "\(pattern): there is no such picture"
    case .conflict(let reason): reason
    case .invalidSelection(let text, let reason): "\(text): \(reason)"
    case .invalidSheet(let file, let place, let reason): "\(file), \(place): \(reason)"
    case .unusableManifest(let file, let reason): "\(file): \(reason)"
    case .unwritable(let file, let reason): "\(file) cannot be written: \(reason)"
    }
  }
}

extension ShotError: CategorizedError {
  public var category: ErrorCategory {
    switch self {
    case .unwritable: .run
    default: .usage
    }
  }
}
