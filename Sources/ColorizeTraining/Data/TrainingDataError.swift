// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// What can be wrong with a folder of pictures to train on.
public enum TrainingDataError: Error, Sendable, Hashable, CustomStringConvertible {
  /// There is no such folder.
  case noFolder(path: String)
  /// No picture in it can be used.
  case noPictures(path: String, unreadable: [UnreadablePicture])
  /// A picture's files are not what they were when the training began.
  case changed(path: String)
  /// A setting that the pictures or the model do not allow.
  case invalid(option: String, value: String, expected: String)

  public var description: String {
    switch self {
    case .noFolder(let path): "\(path): there is no such folder; give the folder of your coloured pictures"
    case .noPictures(let path, let unreadable):
      unreadable.isEmpty
        ? "\(path): it holds no pictures; put coloured pictures (PNG, JPEG) into it or its sub-folders"
        : "\(path): none of its \(unreadable.count) pictures can be read: \(unreadable[0])"
    case .changed(let path):
      "\(path): the picture, its sketch or its mask has changed since the training began; put back what was there and go on, "
        + "or begin anew"
    case .invalid(let option, let value, let expected): "\(option) is \(value), expected \(expected)"
    }
  }
}

/// A file that was left out, and why.
public struct UnreadablePicture: Sendable, Hashable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// Why it was left out.
  public let reason: String

  public var description: String { reason.hasPrefix(path) ? reason : "\(path): \(reason)" }
}

extension TrainingDataError: CategorizedError {
  public var category: ErrorCategory { .usage }
}
