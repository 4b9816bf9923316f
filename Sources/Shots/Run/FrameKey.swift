// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a frame's files are made from: the content of its inputs, and one digest of all that decides them.
struct FrameKey: Sendable, Hashable {
  let inputs: [String: Digest]
  let key: Digest

  /// - Parameter inputs: by the names of ``ShotFrame/inputs``.
  init(inputs: [String: Digest], settings: ColorizeSettings, shot: Shot, model: Digest) throws {
    self.inputs = inputs
    var settings = settings
    // These change time and memory, not the picture.
    settings.checksMemory = true
    settings.batching = .automatic
    settings.previewInterval = nil
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let lines =
      ["irodori shot 1", "model \(model)", "files \(shot.writer.signature)", "masks \(shot.masks.rawValue)"]
      + shot.networks.digests + inputs.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      + [String(decoding: try encoder.encode(settings), as: UTF8.self)]
    key = Digest(lines.joined(separator: "\n"))
  }
}

extension Model {
  /// The digest of the weights and of the configuration. It reads every byte: seconds for a checkpoint of gigabytes.
  ///
  /// - Throws: ``WeightError``, or `CancellationError`.
  public func contentDigest() throws -> Digest {
    let hasher = Digest.Hasher()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    hasher.update(String(decoding: try encoder.encode(configuration), as: UTF8.self))
    try weights.update(hasher)
    return hasher.finish()
  }
}

extension WeightSource {
  /// The digest of all weights. It reads every byte.
  func contentDigest() throws -> Digest {
    let hasher = Digest.Hasher()
    try update(hasher)
    return hasher.finish()
  }

  fileprivate func update(_ hasher: Digest.Hasher) throws {
    for file in files {
      for key in file.keys {
        try Task.checkCancellation()
        hasher.update("\n\(key) \(file[key]?.shape ?? []) \(file[key]?.dtype.rawValue ?? "")\n")
        let bytes = try file.bytes(of: key)
        bytes.withUnsafeBytes { hasher.update($0) }
      }
      file.releasePages()
    }
  }
}
