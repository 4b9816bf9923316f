// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation

/// A folder with recordings of the published implementation on a small network: its sizes (`config.json`), cases
/// (`NAME_cases.json`) and tensors (`NAME.safetensors`), as the notes in `Published` describe them.
///
/// Nothing about a set stands in a test: sizes, cases and counts are those of its folder.
package struct GoldenSet: Sendable, CustomStringConvertible {
  /// Where it comes from.
  package let description: String
  /// Its folder.
  package let path: String

  /// The set that is part of the package: each part, mode and sampler once.
  package static let own = GoldenSet(
    description: "the package's own",
    path: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path + "/Published")
  /// The set in the folder that the environment variable `IRODORI_GOLDEN` names.
  package static let named = ProcessInfo.processInfo.environment["IRODORI_GOLDEN"].map {
    GoldenSet(description: "IRODORI_GOLDEN", path: $0)
  }
  /// Those to test with.
  package static let all = [own] + (named.map { [$0] } ?? [])

  package init(description: String, path: String) {
    self.description = description
    self.path = path
  }

  /// The tensors of a file.
  package func file(_ name: String, on backend: any Backend) throws -> GoldenFile {
    GoldenFile(file: try SafetensorsFile(path: "\(path)/\(name).safetensors"), backend: backend)
  }

  /// A JSON file.
  package func decode<Value: Decodable>(_ type: Value.Type, from name: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name).json")))
  }
}
