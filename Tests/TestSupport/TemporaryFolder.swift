// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A folder that is gone when the test is: with its last reference, or, where a static property holds it, with the
/// process.
package final class TemporaryFolder: Sendable {
  /// Its path, without a slash at the end.
  package let path: String

  /// Those that exist.
  private static let existing = Mutex<Set<String>>([])
  /// Static properties outlive the last line of every test, and are not released at the end.
  private static let removesAtExit: Void = {
    atexit {
      for path in TemporaryFolder.existing.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
    }
  }()

  /// A new, empty folder.
  package init() throws {
    let path = FileManager.default.temporaryDirectory.path + "/irodori-tests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    self.path = path
    Self.removesAtExit
    _ = Self.existing.withLock { $0.insert(path) }
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
    _ = Self.existing.withLock { $0.remove(path) }
  }

  /// The path of a file in it.
  package func file(_ name: String) -> String { path + "/" + name }

  /// The names in it, hidden ones too.
  package var contents: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}
