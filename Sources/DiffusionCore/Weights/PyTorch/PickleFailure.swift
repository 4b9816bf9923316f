// SPDX-License-Identifier: Apache-2.0

/// Why a pickle is not read.
struct PickleFailure: Error {
  /// Where, from the first byte of the file.
  let offset: Int
  /// What, in words: a clause.
  let reason: String
  /// Whether it asks for something that no list of weights needs, rather than being damaged.
  var isRefusal = false
}
