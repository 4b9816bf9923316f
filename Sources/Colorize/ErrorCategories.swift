// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ImageError: CategorizedError {
  /// Whoever reads a picture that was asked for knows better: it is the input's fault then.
  public var category: ErrorCategory { .run }
}

extension PaletteError: CategorizedError {
  public var category: ErrorCategory {
    switch self {
    case .unwritable, .fileExists: .run
    default: .usage
    }
  }
}

extension FlatsError: CategorizedError {
  public var category: ErrorCategory { .usage }
}
