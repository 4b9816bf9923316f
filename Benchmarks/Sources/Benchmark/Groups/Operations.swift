// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// The operations that a picture is made of, at the network's own shapes, for one row of a batch.
func measureOperations(_ bench: Bench) throws {
  let side = bench.limits.side
  let type = bench.backend.storageType
  let matrices = try bench.twin { try RandomParameters(backend: $0, dtype: type).values([side, side]) }
  try bench.measure(
    "matrix product \(type.rawValue), \(side)^3",
    peer: PeerWork("linear", ["rows": side, "inputs": side, "outputs": side]),
    on: matrices
  ) { try $0.linear(weight: $0) }
  try measureConvolutions(bench)
  let unet = bench.configuration.unet
  for (level, multiplier) in unet.channelMultipliers.enumerated()
  where unet.attentionResolutions.contains(1 << level) {
    try measureTransformer(bench, channels: unet.modelChannels * multiplier, level: level)
  }
  try measureEncoderOperations(bench)
}

private func measureConvolutions(_ bench: Bench) throws {
  func convolution(_ place: String, side: Int, inputs: Int, outputs: Int) throws {
    let pair = try bench.twin { backend in
      let source = try RandomParameters(backend: backend, dtype: bench.settings.weights)
      return (
        x: try source.activations([1, side, side, inputs]), weight: try source.values([outputs, 3, 3, inputs]),
        bias: try source.parameter("bias", shape: [outputs])
      )
    }
    let channels = inputs == outputs ? "\(inputs)" : "\(inputs) -> \(outputs)"
    try bench.measure(
      "\(place) conv 3x3, \(channels), \(side) x \(side)",
      peer: PeerWork("convolution", ["side": side, "inputs": inputs, "outputs": outputs]), on: pair
    ) { try $0.x.convolution(weight: $0.weight, bias: $0.bias, geometry: ConvolutionGeometry(padding: 1)) }
  }
  let latent = bench.settings.pixels / bench.configuration.latentFactor
  let unet = bench.configuration.unet
  var above = unet.modelChannels
  for (level, multiplier) in unet.channelMultipliers.enumerated() {
    let channels = unet.modelChannels * multiplier
    try convolution("unet", side: latent >> level, inputs: channels, outputs: channels)
    // The first of the way up, on the level's features joined with those of the way down.
    try convolution("unet", side: latent >> level, inputs: channels + above, outputs: channels)
    above = channels
  }
  let vae = bench.configuration.vae
  for (level, multiplier) in vae.channelMultipliers.enumerated() {
    let channels = vae.channels * multiplier
    try convolution("vae", side: bench.settings.pixels >> level, inputs: channels, outputs: channels)
  }
}

private func measureTransformer(_ bench: Bench, channels: Int, level: Int) throws {
  let configuration = bench.configuration
  let side = (bench.settings.pixels / configuration.latentFactor) >> level
  let tokens = side * side
  let heads = configuration.unet.heads.count(channels: channels)
  let width = channels / heads
  let contextTokens = configuration.imageEncoder.tokenCount
  let fixture = try bench.twin { try TransformerFixture(bench, $0, side: side, channels: channels) }

  try bench.measure(
    "self-attention, \(heads) heads x \(tokens)^2",
    peer: PeerWork("attention", ["heads": heads, "queries": tokens, "keys": tokens, "width": width]), on: fixture
  ) { try Tensor.attention($0.tokens, $0.keys, $0.values, heads: heads) }
  try bench.measure(
    "cross-attention, \(heads) heads x \(tokens) x \(contextTokens)",
    peer: PeerWork("attention", ["heads": heads, "queries": tokens, "keys": contextTokens, "width": width]),
    on: fixture
  ) {
    try Tensor.attention($0.tokens, $0.contextKeys, $0.contextValues, heads: heads)
  }
  try bench.measure(
    "linear, \(tokens) x \(channels) x \(channels)",
    peer: PeerWork("linear", ["rows": tokens, "inputs": channels, "outputs": channels, "bias": 1]), on: fixture
  ) { try $0.tokens.linear(weight: $0.square, bias: $0.bias) }
  try bench.measure(
    "gated linear, \(tokens) x \(channels) x \(8 * channels)",
    peer: PeerWork("gated_linear", ["rows": tokens, "inputs": channels, "outputs": 4 * channels]), on: fixture
  ) { try $0.tokens.gatedLinear(weight: $0.gate, bias: $0.gateBias) }
  try bench.measure(
    "linear, \(tokens) x \(4 * channels) x \(channels)",
    peer: PeerWork("linear", ["rows": tokens, "inputs": 4 * channels, "outputs": channels, "bias": 1]), on: fixture
  ) { try $0.wide.linear(weight: $0.narrowing, bias: $0.bias) }
  try bench.measure(
    "group norm + SiLU, \(channels), \(side) x \(side)",
    peer: PeerWork("group_norm", ["channels": channels, "side": side, "groups": configuration.normGroups]),
    on: fixture
  ) {
    try $0.tokens.reshaped([1, side, side, channels]).groupNorm(
      groups: configuration.normGroups, gamma: $0.ones, beta: $0.bias, epsilon: 1e-5, activation: .silu)
  }
  try bench.measure(
    "layer norm, \(tokens) x \(channels)", peer: PeerWork("layer_norm", ["rows": tokens, "channels": channels]),
    on: fixture
  ) { try $0.tokens.layerNorm(gamma: $0.ones, beta: $0.bias, epsilon: 1e-5) }
}

/// What the rows of one level work on.
private struct TransformerFixture {
  /// `[1, N, C]`
  let tokens, keys, values: Tensor
  /// `[1, N, 4 C]`
  let wide: Tensor
  /// `[1, M, C]`
  let contextKeys, contextValues: Tensor
  /// `[C, C]`, `[8 C, C]`, `[C, 4 C]`
  let square, gate, narrowing: Tensor
  /// `[C]`, `[8 C]`, `[C]`
  let bias, gateBias, ones: Tensor

  init(_ bench: Bench, _ backend: any Backend, side: Int, channels: Int) throws {
    let source = try RandomParameters(backend: backend, dtype: bench.settings.weights)
    tokens = try source.activations([1, side * side, channels])
    wide = try source.activations([1, side * side, 4 * channels])
    keys = try source.activations([1, side * side, channels])
    values = try source.activations([1, side * side, channels])
    contextKeys = try source.activations([1, bench.configuration.imageEncoder.tokenCount, channels])
    contextValues = try source.activations([1, bench.configuration.imageEncoder.tokenCount, channels])
    square = try source.values([channels, channels])
    gate = try source.values([8 * channels, channels])
    narrowing = try source.values([channels, 4 * channels])
    bias = try source.parameter("bias", shape: [channels])
    gateBias = try source.parameter("bias", shape: [8 * channels])
    ones = try source.parameter("weight", shape: [channels])
  }
}

/// The autoencoder's attention, and the heaviest operations of the image encoder.
private func measureEncoderOperations(_ bench: Bench) throws {
  let configuration = bench.configuration
  func attention(_ name: String, tokens: Int, heads: Int, width: Int) throws {
    let x = try bench.twin { backend in
      let source = try RandomParameters(backend: backend, dtype: .f32)
      return try (0..<3).map { _ in try source.activations([1, tokens, heads * width]) }
    }
    try bench.measure(
      name, peer: PeerWork("attention", ["heads": heads, "queries": tokens, "keys": tokens, "width": width]), on: x
    ) { try Tensor.attention($0[0], $0[1], $0[2], heads: heads) }
  }
  let latent = bench.settings.pixels / configuration.latentFactor
  let wide = configuration.vae.channels * (configuration.vae.channelMultipliers.last ?? 1)
  try attention(
    "vae attention, 1 head x \(latent * latent)^2, \(wide) wide", tokens: latent * latent, heads: 1, width: wide)

  let clip = configuration.imageEncoder
  let tokens = clip.tokenCount + 1
  try attention(
    "image encoder attention, \(clip.heads) heads x \(tokens)^2", tokens: tokens, heads: clip.heads,
    width: clip.width / clip.heads)
  let feed = try bench.twin { backend in
    let source = try RandomParameters(backend: backend, dtype: bench.settings.weights)
    return (
      x: try source.activations([1, tokens, clip.width]), weight: try source.values([4 * clip.width, clip.width]),
      bias: try source.parameter("bias", shape: [4 * clip.width])
    )
  }
  try bench.measure(
    "image encoder linear + GELU, \(tokens) x \(clip.width) x \(4 * clip.width)",
    peer: PeerWork("linear", ["rows": tokens, "inputs": clip.width, "outputs": 4 * clip.width, "bias": 1, "gelu": 1]),
    on: feed
  ) { try $0.x.linear(weight: $0.weight, bias: $0.bias, activation: .gelu) }
}
