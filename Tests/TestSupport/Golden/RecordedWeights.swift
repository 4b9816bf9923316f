// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Weights that a formula makes of their names, as the recordings of the text tower were made with.
///
/// Element i of a tensor is `base + amp * f(z)`, where z scrambles the FNV-1a hash of `seed:group/name` plus i times the
/// golden ratio, and f has values of -1 to 1.
package struct RecordedWeights: ParameterSource {
  /// One tensor: name, shape, base and amplitude.
  package struct Entry: Decodable, Sendable {
    let name: String
    let shape: [Int]
    let base: Float
    let amplitude: Float

    package init(from decoder: any Decoder) throws {
      var values = try decoder.unkeyedContainer()
      name = try values.decode(String.self)
      shape = try values.decode([Int].self)
      base = try values.decode(Float.self)
      amplitude = try values.decode(Float.self)
    }
  }

  private let seed: Int
  private let group: String
  private let entries: [String: Entry]
  private let backend: any Backend

  package init(_ entries: [Entry], group: String, seed: Int, backend: any Backend) {
    self.seed = seed
    self.group = group
    self.entries = Dictionary(entries.map { ($0.name, $0) }) { $1 }
    self.backend = backend
  }

  package func contains(_ key: String) -> Bool { entries[key] != nil }

  package func parameter(_ key: String, shape: Shape) throws -> Tensor {
    guard let entry = entries[key], entry.shape == shape.extents else {
      throw WeightError.keyNotFound(file: group, key: key)
    }
    var hash: UInt32 = 2_166_136_261
    for byte in "\(seed):\(group)/\(key)".utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    let values = (0..<shape.elementCount).map { index -> Float in
      var z = hash &+ UInt32(truncatingIfNeeded: index) &* 0x9E37_79B9
      z ^= z >> 16
      z = z &* 0x85EB_CA6B
      z ^= z >> 13
      z = z &* 0xC2B2_AE35
      z ^= z >> 16
      let f = Float(z >> 8) * 0x1p-23 - 1
      let product = entry.amplitude * f
      return entry.base + product
    }
    return try Tensor(values, shape: shape, on: backend)
  }
}
