// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Glibc

/// The pictures that go with frames, such as their masks: those of the same number or name, or one for all.
public struct FrameCompanions: Sendable {
  private let pattern: FramePattern
  private let byNumber: [Int: String]

  /// - Parameter text: a ``FramePattern``; a path without a place for a number is one picture for all frames.
  /// - Throws: ``ShotError/invalidPattern(_:reason:)``, ``ShotError/noFrames(pattern:)``.
  public init(_ text: String) throws(ShotError) {
    pattern = try FramePattern(text)
    let files = pattern.files()
    guard !files.isEmpty else { throw .noFrames(pattern: text) }
    byNumber =
      pattern.place == .none
      ? [:] : Dictionary(files.compactMap { file in file.number.map { ($0, file.path) } }) { first, _ in first }
  }

  /// The picture for a frame; nil if there is none.
  public func path(for frame: FrameFile) -> String? {
    guard pattern.place != .none else { return pattern.description }
    if let path = try? pattern.path(number: frame.number, name: frame.name),
      access(FileName.cString(path), F_OK) == 0
    {
      return path
    }
    return frame.number.flatMap { byNumber[$0] }
  }
}
