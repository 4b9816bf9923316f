// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Noise for a batch in which every picture has a generator of its own, so that a picture does not depend on how many
/// are made with it.
struct PictureNoise: NoiseSource {
  private var sources: [any NoiseSource]

  init(generator: NoiseGenerator, seeds: [UInt64]) throws {
    sources = try seeds.map { try generator.source(seed: $0) }
  }

  mutating func normals(shape: [Int]) throws(NoiseError) -> [Float] {
    guard shape.first == sources.count else { throw .invalidShape(shape) }
    var values: [Float] = []
    for index in sources.indices { values += try sources[index].normals(shape: [1] + shape.dropFirst()) }
    return values
  }
}
