// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Glibc

/// Finds out how things stand with a frame, from its inputs, its files and the manifest.
struct FrameExaminer: Sendable {
  let shot: Shot
  let model: Digest
  let manifest: Manifest
  let reader: InputReader

  /// What was found.
  struct Finding {
    let state: ShotPlan.State
    /// Nil where the inputs cannot be read.
    let key: FrameKey?
  }

  /// - Throws: what the manifest throws. What is wrong with the frame is in its state.
  func examine(_ frame: ShotFrame) throws -> Finding {
    if shot.approved.contains(frame.output), access(FileName.cString(frame.output), R_OK) == 0 {
      return Finding(state: .approved, key: nil)
    }
    if let problem = frame.problem { return Finding(state: .faulty(reason: problem), key: nil) }
    let key: FrameKey
    let paths: [String]
    do {
      key = try FrameKey(inputs: reader.digests(of: frame), settings: frame.settings, shot: shot, model: model)
      paths = try shot.writer.paths(frame)
    } catch let error as ImageError {
      return Finding(state: .faulty(reason: error.description), key: nil)
    }
    return Finding(state: try state(of: frame, key: key.key, paths: paths), key: key)
  }

  private func state(of frame: ShotFrame, key: Digest, paths: [String]) throws -> ShotPlan.State {
    var found: [Digest?] = []
    for path in paths { found.append(try content(of: path)) }
    if zip(paths, found).contains(where: { path, content in content.map { !manifest.knows($0, of: path) } ?? false }) {
      // Its line is in the manifest before a file is: another process may have made it since.
      try manifest.refresh()
    }
    let record = manifest.record(output: frame.output)
    for (path, content) in zip(paths, found) {
      guard let content, !manifest.knows(content, of: path), !shot.overwrites else { continue }
      return record == nil ? .occupied(file: path) : .retouched
    }
    guard let record else { return .new }
    let known = Dictionary(record.files.map { ($0.path, $0.sha256) }) { $1 }
    let isWhole = zip(paths, found).allSatisfy { path, content in
      content != nil && content == known[manifest.relative(path)]
    }
    if record.key != key { return .changed }
    return isWhole ? .finished : .new
  }

  /// Whether a file is as the shot made it; nil if there is none.
  func isOwn(_ path: String) throws -> Bool? { try content(of: path).map { manifest.knows($0, of: path) } }

  /// The digest of a file that is there; nil if there is none.
  private func content(of path: String) throws -> Digest? {
    var status = stat()
    guard stat(FileName.cString(path), &status) == 0 else { return nil }
    do {
      return try reader.content(of: path).digest
    } catch ImageError.notFound {
      return nil
    } catch ImageError.empty {
      return Digest([])
    }
  }
}
