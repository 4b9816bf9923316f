// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Parameters made from their keys, the same as `make_fixtures.py` makes them, so that fixtures need no weights.
package struct SeededParameters: ParameterSource {
  package let backend: any Backend
  package let dtype: DType

  package init(backend: any Backend, dtype: DType = .f32) {
    self.backend = backend
    self.dtype = dtype
  }

  package func contains(_ key: String) -> Bool { true }

  package func parameter(_ key: String, shape: Shape) throws -> Tensor {
    try Tensor(Self.values(key, shape: shape), shape: shape, on: backend).cast(to: dtype)
  }

  /// Uniform numbers from a hash of key and index: variance 1 / fan-in for matrices, near 1 for scales, small for shifts.
  package static func values(_ key: String, shape: Shape) -> [Float] {
    var hash: UInt32 = 2_166_136_261
    for byte in key.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    let fanIn = Double(shape.dropFirst().reduce(1, *))
    let isScale = key.hasSuffix("weight")
    return (0..<shape.elementCount).map { index in
      var x = UInt32(truncatingIfNeeded: index) &* 0x9E37_79B9 &+ hash
      x ^= x >> 16
      x = x &* 0x7FEB_352D
      x ^= x >> 15
      x = x &* 0x846C_A68B
      x ^= x >> 16
      let u = Double(x) / 2_147_483_648 - 1
      if shape.rank == 1 { return Float(isScale ? 1 + 0.2 * u : 0.1 * u) }
      return Float(u * (3 / fanIn).squareRoot())
    }
  }

  /// Writes a network of such parameters as a checkpoint.
  ///
  /// - Parameters:
  ///   - keeps: which keys the file has.
  ///   - change: what becomes of the values of a key.
  package static func write(
    _ configuration: ModelConfiguration, to path: String, keeps: (String) -> Bool = { _ in true },
    change: (String, inout [Float]) -> Void = { _, _ in }
  ) throws {
    try write(
      ColorizationNetwork.parameters(of: configuration).filter { key, _ in keeps(key) }, to: path, change: change)
  }

  /// Writes such parameters.
  package static func write(
    _ parts: [(key: String, shape: Shape)], to path: String, change: (String, inout [Float]) -> Void = { _, _ in }
  ) throws {
    let writer = try SafetensorsWriter(
      path: path, tensors: parts.map { .init(key: $0.key, dtype: .f32, shape: $0.shape.extents) })
    for (key, shape) in parts {
      var values = Self.values(key, shape: shape)
      change(key, &values)
      try values.withUnsafeBytes { try writer.write(key, $0) }
    }
    try writer.finish()
  }
}

/// The tiny network of the package's own fixtures.
package enum TinyNetwork {
  package static let configuration = ModelConfiguration(
    unet: UNetConfiguration(
      inChannels: 3, outChannels: 3, modelChannels: 32, channelMultipliers: [1, 2], residualBlocks: 1,
      attentionResolutions: [1, 2], headWidth: 16, contextWidth: 32),
    lora: LoRAConfiguration(foreground: .rank(4), background: .fraction(0.5)),
    vae: VAEConfiguration(channels: 8, channelMultipliers: [1, 1, 2, 2], residualBlocks: 1, latentChannels: 3),
    imageEncoder: OpenCLIPVisionConfiguration(
      imageSize: 28, patchSize: 14, width: 32, layers: 2, heads: 2, outputWidth: 32),
    sketchEncoder: SketchEncoderConfiguration(inChannels: 3, modelChannels: 32, channelMultipliers: [1, 2]),
    recovery: RecoveryConfiguration(width: 32, layers: 2, tokens: 4, heads: 2),
    threshold: ThresholdEmbedderConfiguration(embeddingWidth: 16, outputWidth: 32), scaleFactor: 0.5, imageSize: 64,
    normGroups: 8)

  package static func make(on backend: any Backend, dtype: DType = .f32) throws -> ColorizationNetwork {
    try ColorizationNetwork(
      Parameters(SeededParameters(backend: backend, dtype: dtype)), configuration: configuration, withSplit: true)
  }

  /// Writes it as a checkpoint.
  ///
  /// - Parameters:
  ///   - withSplit: whether it holds the weights of the mask modes.
  ///   - poisoned: whether its weights are so large that latents overflow.
  package static func write(to path: String, withSplit: Bool = true, poisoned: Bool = false) throws {
    try SeededParameters.write(configuration, to: path) { key in
      withSplit || !(key.contains(".lora_") || key.hasPrefix("transformer.") || key.hasPrefix("thresh_embedder."))
    } change: { key, values in
      if poisoned && key == "model.diffusion_model.out.2.weight" { values = values.map { _ in 1e38 } }
    }
  }
}
