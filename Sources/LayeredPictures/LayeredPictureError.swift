// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// What can be wrong with a layered picture or its file.
///
/// What is wrong with writing a file is an `ImageError`, as for any other image.
public enum LayeredPictureError: Error, Sendable, Equatable {
  /// Numbers that do not fit together, or lie outside of their range.
  case invalid(reason: String)
  /// More layers or bytes than the format holds; `reason` gives both numbers and says what to do.
  case tooLarge(reason: String)
  /// The path ends neither in .ora nor in .psd.
  case unsupportedExtension(file: String)
}

extension LayeredPictureError: CustomStringConvertible {
  /// A sentence or two for the user: what is wrong, what to do.
  public var description: String {
    switch self {
    case .invalid(let reason), .tooLarge(let reason): "\(reason)."
    case .unsupportedExtension(let file): "\(file): layers are written as .ora or .psd. Use one of the two."
    }
  }
}

extension LayeredPictureError: CategorizedError {
  public var category: ErrorCategory {
    if case .unsupportedExtension = self { .usage } else { .run }
  }
}
