// SPDX-License-Identifier: Apache-2.0

/// What happens where a file is to be written and another one is there: before the writing begins, or by the time it ends.
///
/// With all but ``replace`` no file of that name is ever lost, also where two programs write it at the same time: the name
/// is given by calls of the system that fail if there is one (`linkat`, `renameat2`). Named pipes are written to in any
/// case.
public enum ExistingFilePolicy: String, Sendable, Hashable, CaseIterable {
  /// The file is replaced, in one step.
  case replace
  /// An error is thrown, and nothing is written.
  case refuse
  /// The new file gets the first free name beside it (`result-2.png` for `result.png`), and an error is thrown that tells
  /// it: for what took too long to make to be thrown away.
  case keepBoth
}
