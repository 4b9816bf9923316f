// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Recorded runs of a network, and its weights by a formula: `NAME_cases.json`.
package struct FormulaCases<Case: Decodable>: Decodable {
  package let cases: [Case]
  private let seed: Int
  private let weights: [String: [FormulaTensor]]

  /// The weights of a group.
  package func parameters(_ group: String, on backend: any Backend) -> FormulaParameters {
    FormulaParameters(
      backend: backend, seed: seed, group: group,
      tensors: Dictionary((weights[group] ?? []).map { ($0.name, $0) }) { first, _ in first })
  }
}

/// `base + amplitude * f(index)`, see ``FormulaParameters``.
package struct FormulaTensor: Decodable, Sendable {
  package let name: String
  package let shape: [Int]
  package var base: Float
  package var amplitude: Float

  package init(from decoder: any Decoder) throws {
    var values = try decoder.unkeyedContainer()
    name = try values.decode(String.self)
    shape = try values.decode([Int].self)
    base = try values.decode(Float.self)
    amplitude = try values.decode(Float.self)
  }
}

/// Weights made from a hash of seed, group, name and index.
package struct FormulaParameters: ParameterSource {
  /// What was asked for and is not there.
  package struct Unknown: Error { package let key: String }

  package let backend: any Backend
  let seed: Int
  let group: String
  package var tensors: [String: FormulaTensor]

  /// The names, sorted.
  package var names: [String] { tensors.keys.sorted() }

  package func contains(_ key: String) -> Bool { tensors[key] != nil }

  package func parameter(_ key: String, shape: Shape) throws -> Tensor {
    guard let tensor = tensors[key], tensor.shape == shape.extents else { throw Unknown(key: key) }
    return try Tensor(values(tensor), shape: shape, on: backend)
  }

  package func values(_ tensor: FormulaTensor) -> [Float] {
    var hash: UInt32 = 2_166_136_261
    for byte in "\(seed):\(group)/\(tensor.name)".utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    let count = tensor.shape.reduce(1, *)
    let (base, amplitude) = (tensor.base, tensor.amplitude)
    return [Float](unsafeUninitializedCapacity: count) { buffer, written in
      for index in 0..<count {
        var z = hash &+ UInt32(truncatingIfNeeded: index) &* 0x9E37_79B9
        z ^= z >> 16
        z = z &* 0x85EB_CA6B
        z ^= z >> 13
        z = z &* 0xC2B2_AE35
        z ^= z >> 16
        buffer[index] = base + amplitude * (Float(z >> 8) / 8_388_608 - 1)
      }
      written = count
    }
  }

  /// Writes the weights as a file.
  ///
  /// - Parameters:
  ///   - prefix: what stands before every key.
  ///   - keeps: which tensors the file has.
  ///   - extra: further tensors, of zeros.
  package func write(
    to path: String, prefix: String = "", keeps: (String) -> Bool = { _ in true }, extra: [String] = []
  ) throws {
    let kept = names.filter(keeps).compactMap { tensors[$0] }
    let writer = try SafetensorsWriter(
      path: path,
      tensors: kept.map { .init(key: prefix + $0.name, dtype: .f32, shape: $0.shape) }
        + extra.map { .init(key: prefix + $0, dtype: .f32, shape: [1]) })
    for tensor in kept { try values(tensor).withUnsafeBytes { try writer.write(prefix + tensor.name, $0) } }
    for key in extra { try [Float(0)].withUnsafeBytes { try writer.write(prefix + key, $0) } }
    try writer.finish()
  }
}
