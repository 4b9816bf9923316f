// SPDX-License-Identifier: Apache-2.0

/// What the library calls itself, in files that it writes and in reports.
public enum Irodori {
  public static let name = "Irodori"
  /// By the rules of Semantic Versioning 2.0.0; `CHANGELOG.md` tells what changed.
  public static let version = "0.2.0"
}
