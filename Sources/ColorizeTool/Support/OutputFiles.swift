// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Synchronization

/// Writes the files that a command makes.
///
/// What is in the way is told before any work (``OutputCheck``). A file that appears while the work is done is not replaced
/// either, unless `--overwrite` says so: what was made goes beside it, all else is written as well, and the command ends
/// with an error that says where it is.
final class OutputFiles: Sendable {
  private let overwrites: Bool
  private let places = Mutex<[(path: String, place: String)]>([])

  /// - Parameter overwrites: whether `--overwrite` is given.
  init(overwrites: Bool) { self.overwrites = overwrites }

  /// Writes a file; one that was written here before is replaced.
  ///
  /// - Parameter body: writes to the path that it is given, as the policy says.
  /// - Throws: what `body` throws, but that there is another file by now.
  func write(_ path: String, by body: (_ path: String, _ existing: ExistingFilePolicy) throws -> Void) throws {
    if let place = place(of: path) { return try body(place, .replace) }
    do {
      try body(path, overwrites ? .replace : .keepBoth)
      remember(path, at: path)
    } catch {
      guard let place = Self.place(in: error) else { throw error }
      remember(path, at: place)
    }
  }

  /// Where the file of a path was written; nil if it was not yet.
  func place(of path: String) -> String? { places.withLock { $0.last { $0.path == path }?.place } }

  private func remember(_ path: String, at place: String) { places.withLock { $0.append((path, place)) } }

  private static func place(in error: any Error) -> String? {
    switch error {
    case ImageError.fileExists(_, let place), PaletteError.fileExists(_, let place),
      WeightError.fileExists(_, let place):
      place
    case let error as UnwritableFile: error.savedAs
    default: nil
    }
  }

  /// - Throws: ``ToolError`` that names the files which are not where they were to be, if there are any.
  func check() throws {
    let others = places.withLock { $0.filter { $0.path != $0.place } }
    guard !others.isEmpty else { return }
    throw ToolError(
      .failure,
      "while this ran, another file appeared at \(others.map(\.path).joined(separator: ", ")) and was not replaced; what was "
        + "made is in \(others.map(\.place).joined(separator: ", "))")
  }
}
