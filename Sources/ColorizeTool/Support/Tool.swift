// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// What the program calls itself.
enum Tool {
  static let name = Irodori.name
  static let version = Irodori.version
}
