// SPDX-License-Identifier: Apache-2.0

import Colorize
import Synchronization

/// Reads the inputs of frames, those that several frames share once.
final class InputReader: Sendable {
  /// What a file holds.
  struct Content: Sendable {
    let bytes: [UInt8]
    let digest: Digest
  }

  private struct State {
    /// The digests of files that several frames share.
    var shared: [String: Digest] = [:]
    var uses: [String: Int] = [:]
  }

  private let state: Mutex<State>

  init(_ frames: [ShotFrame]) {
    var uses: [String: Int] = [:]
    for frame in frames {
      for (_, path) in frame.inputs { uses[path, default: 0] += 1 }
    }
    state = Mutex(State(uses: uses))
  }

  func content(of path: String) throws(ImageError) -> Content {
    let bytes = try Image.bytes(ofFile: path)
    return Content(bytes: bytes, digest: Digest(bytes))
  }

  /// The digest of a file's content. A file of several frames is looked at once: it is the same for all of a run.
  func digest(of path: String) throws(ImageError) -> Digest {
    if let known = state.withLock({ $0.shared[path] }) { return known }
    let digest = try content(of: path).digest
    state.withLock { if $0.uses[path, default: 0] > 1 { $0.shared[path] = digest } }
    return digest
  }

  /// The digests of all inputs of a frame.
  func digests(of frame: ShotFrame) throws(ImageError) -> [String: Digest] {
    var digests: [String: Digest] = [:]
    for (name, path) in frame.inputs { digests[name] = try digest(of: path) }
    return digests
  }
}
