// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining

/// Weights that have learned nothing: matrices and kernels are normal numbers of deviation `1 / sqrt(fan in)`, so that
/// activations keep their size from layer to layer; norms begin as they are, and low-rank branches add nothing yet.
enum FreshWeights {
  /// Writes a checkpoint of all that a network of that configuration has.
  static func write(_ configuration: ModelConfiguration, seed: UInt64, to path: String) throws {
    let parameters = try ColorizationNetwork.parameters(of: configuration)
    let writer = try SafetensorsWriter(
      path: path, tensors: parameters.map { .init(key: $0.key, dtype: .f32, shape: $0.shape.extents) })
    for (index, (key, shape)) in parameters.enumerated() {
      let values = values(key, shape, random: TrainingRandom(seed: seed, UInt64(index)))
      try values.withUnsafeBytes { try writer.write(key, $0) }
    }
    try writer.finish()
  }

  private static func values(_ key: String, _ shape: Shape, random: TrainingRandom) -> [Float] {
    let count = shape.elementCount
    if shape.rank <= 1 { return [Float](repeating: key.hasSuffix("weight") ? 1 : 0, count: count) }
    if key.contains(".lora_up_") { return [Float](repeating: 0, count: count) }
    var random = random
    let deviation = 1 / Float(max(shape.dropFirst().reduce(1, *), 1)).squareRoot()
    return random.normals(count).map { $0 * deviation }
  }
}
