// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Weights of any network, random and harmless: matrices and kernels have deviation `1 / sqrt(fan in)`, so that
/// activations keep their size from layer to layer; the weights of norms are 1, biases 0.
struct RandomParameters: ParameterSource {
  let backend: any Backend
  let dtype: DType
  /// Uniform in -1...1, enough for caches and compressors not to notice that it repeats.
  private let block: Tensor

  init(backend: any Backend, dtype: DType) throws {
    self.backend = backend
    self.dtype = dtype
    var state: UInt64 = 0
    let values = (0..<1 << 20).map { _ in
      // SplitMix64 (Steele et al. 2014): the same weights in every run.
      state &+= 0x9E37_79B9_7F4A_7C15
      var bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
      return Float(Int32(truncatingIfNeeded: bits >> 32)) / Float(1 << 31)
    }
    block = try Tensor(values, shape: [values.count], on: backend)
  }

  func contains(_ key: String) -> Bool { true }

  func parameter(_ key: String, shape: Shape) throws -> Tensor {
    if shape.rank <= 1 {
      return try Tensor(repeating: key.hasSuffix("weight") ? 1 : 0, shape: shape, dtype: dtype, on: backend)
    }
    return try values(shape)
  }

  /// Random numbers of deviation `1 / sqrt(fan in)`.
  func values(_ shape: Shape) throws -> Tensor {
    let fanIn = Float(max(shape.dropFirst().reduce(1, *), 1))
    let source = try block * (3 / fanIn).squareRoot()
    let count = shape.elementCount
    let tensor = try Tensor(uninitialized: [count], dtype: dtype, on: backend)
    var start = 0
    while start < count {
      let end = min(start + source.shape[0], count)
      try backend.copy(
        source.sliced(axis: 0, 0..<end - start).operand, to: tensor.sliced(axis: 0, start..<end).operand)
      start = end
    }
    return try tensor.reshaped(shape)
  }

  /// Random numbers of deviation about 1, as activations have, stored as the backend stores results.
  func activations(_ shape: Shape) throws -> Tensor {
    let source = RandomParameters(sharing: self, dtype: backend.storageType)
    // A fan-in of 1 for any shape: one row of one column each.
    return try source.values([shape.elementCount, 1]).reshaped(shape)
  }

  private init(sharing other: RandomParameters, dtype: DType) {
    backend = other.backend
    self.dtype = dtype
    block = other.block
  }
}
