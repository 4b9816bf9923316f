// SPDX-License-Identifier: Apache-2.0

/// The denoising U-Net: Stable Diffusion's, with split cross-attention and added sketch features.
///
/// The layout of the keys is `model.diffusion_model.*` of the published checkpoints.
public struct UNet: Sendable {
  /// The sizes.
  public let configuration: UNetConfiguration
  /// `time_embed.0` and `time_embed.2`
  let timeEmbedding: [Linear]
  /// `label_emb.0.0` and `label_emb.0.2`; empty if the configuration has no added embedding
  let addedEmbedding: [Linear]
  /// `input_blocks.0.0`
  let inputConv: Conv2d
  /// `input_blocks`, from 1 on
  let inputBlocks: [Block]
  /// `middle_block`
  let middle: (first: ResidualBlock, attention: SpatialTransformer, last: ResidualBlock)
  /// `output_blocks`
  let outputBlocks: [Block]
  /// `out.0`
  let outNorm: GroupNorm
  /// `out.2`
  let outConv: Conv2d
  /// The input blocks after which a hint is added: the first, every downsampler, the last.
  let hintIndices: [Int]

  /// An entry of `input_blocks` or `output_blocks`.
  struct Block: Sendable {
    var residual: ResidualBlock?
    var attention: SpatialTransformer?
    var down: Downsampler?
    var up: Upsampler?

    func callAsFunction(_ x: Tensor, activatedEmbedding: Tensor, _ conditions: AttentionConditions) throws -> Tensor {
      var h = x
      if let residual { h = try residual(h, activatedEmbedding: activatedEmbedding) }
      if let attention { h = try attention(h, conditions) }
      if let down { h = try down(h) }
      if let up { h = try up(h) }
      return h
    }
  }

  /// Loads the network.
  public init(
    _ p: Parameters, configuration: UNetConfiguration, lora: LoRAConfiguration?, normGroups groups: Int
  ) throws {
    self.configuration = configuration
    let base = configuration.modelChannels
    let embeddingWidth = 4 * base
    var places = configuration.transformers[...]
    /// The transformer that stands next in module order; nil on a level without attention.
    func transformer(
      _ p: Parameters, _ channels: Int, _ side: UNetConfiguration.Transformer.Side, _ level: Int
    ) throws -> SpatialTransformer? {
      guard let place = places.first, place.side == side, place.level == level else { return nil }
      places.removeFirst()
      return try SpatialTransformer(
        p, channels: channels, level: level, numbers: place.blocks, unet: configuration, lora: lora, groups: groups)
    }
    func residual(_ p: Parameters, _ inputs: Int, _ outputs: Int) throws -> ResidualBlock {
      try ResidualBlock(p, inputs: inputs, outputs: outputs, embeddingWidth: embeddingWidth, groups: groups)
    }
    timeEmbedding = [
      try Linear(p["time_embed"][0], inputs: base, outputs: embeddingWidth),
      try Linear(p["time_embed"][2], inputs: embeddingWidth, outputs: embeddingWidth),
    ]
    addedEmbedding =
      try configuration.addedEmbeddingWidth.map { width in
        let place = p["label_emb"][0]
        return [
          try Linear(place[0], inputs: width, outputs: embeddingWidth),
          try Linear(place[2], inputs: embeddingWidth, outputs: embeddingWidth),
        ]
      } ?? []
    inputConv = try Conv2d(p["input_blocks"][0][0], inputs: configuration.inChannels, outputs: base)

    let levels = configuration.levels.count
    var inputs: [Block] = []
    var skips = [base]
    var hints = [0]
    var channels = base
    for (level, multiplier) in configuration.channelMultipliers.enumerated() {
      for _ in 0..<configuration.residualBlocks {
        let place = p["input_blocks"][inputs.count + 1]
        var block = Block(residual: try residual(place[0], channels, base * multiplier))
        channels = base * multiplier
        block.attention = try transformer(place[1], channels, .down, level)
        inputs.append(block)
        skips.append(channels)
      }
      if level < levels - 1 {
        inputs.append(Block(down: try Downsampler(p["input_blocks"][inputs.count + 1][0], channels: channels)))
        skips.append(channels)
        hints.append(inputs.count)
      }
    }
    hints.append(inputs.count)
    inputBlocks = inputs
    hintIndices = hints

    let place = p["middle_block"]
    let first = try residual(place[0], channels, channels)
    guard let attention = try transformer(place[1], channels, .middle, levels - 1) else {
      throw ConfigurationError(
        field: "unet.transformer_depth_middle", value: "\(configuration.middleDepth)", expected: "1 or more")
    }
    middle = (first, attention, try residual(place[2], channels, channels))

    var outputs: [Block] = []
    for (level, multiplier) in configuration.channelMultipliers.enumerated().reversed() {
      for index in 0...configuration.residualBlocks {
        let place = p["output_blocks"][outputs.count]
        var block = Block(residual: try residual(place[0], channels + skips.removeLast(), base * multiplier))
        channels = base * multiplier
        block.attention = try transformer(place[1], channels, .up, level)
        if level > 0 && index == configuration.residualBlocks {
          block.up = try Upsampler(place[block.attention == nil ? 1 : 2], channels: channels)
        }
        outputs.append(block)
      }
    }
    outputBlocks = outputs
    outNorm = try GroupNorm(p["out"][0], channels: channels, groups: groups, epsilon: 1e-5)
    outConv = try Conv2d(p["out"][2], inputs: channels, outputs: configuration.outChannels)
  }

  /// Every cross-attention in module order.
  var crossAttentions: [CrossAttention] {
    let transformers = inputBlocks.compactMap(\.attention) + [middle.attention] + outputBlocks.compactMap(\.attention)
    return transformers.flatMap(\.blocks).map(\.crossAttention)
  }

  /// Predicts noise or velocity.
  ///
  /// - Parameters:
  ///   - x: noisy latents `[rows, h, w, C]`; `h` and `w` are multiples of `2^(levels - 1)`.
  ///   - timestep: 0...999, may be fractional; the same for all rows.
  ///   - context: from ``prepare(_:repeats:)``; rows after its active ones see a context of zeros.
  ///   - hints: the sketch encoder's features, `[rows, ...]` each; none for a network without one.
  ///   - control: strengths; one reference scale for each transformer block.
  ///   - added: what is embedded besides the timestep, `[1, addedEmbeddingWidth]` for all rows or one for each, where the
  ///     configuration has it.
  /// - Returns: `[rows, h, w, C]`.
  /// - Throws: `BackendError`; `CancellationError` within one block of the network if the current task is cancelled, as
  ///   all networks do.
  public func callAsFunction(
    _ x: Tensor, timestep: Float, context: PreparedContext, hints: [Tensor], control: AttentionControl,
    added: Tensor? = nil
  ) throws -> Tensor {
    try self(
      x, embedding: timestepEmbedding(timestep, on: x.backend), context: context, hints: hints, control: control,
      added: added)
  }

  /// The same with a timestep of its own for each row, as a batch in training has them.
  ///
  /// - Parameter timesteps: one for each row.
  public func callAsFunction(
    _ x: Tensor, timesteps: [Float], context: PreparedContext, hints: [Tensor], control: AttentionControl
  ) throws -> Tensor {
    precondition(timesteps.count == x.shape[0], "\(timesteps.count) timesteps for \(x.shape[0]) rows")
    let width = configuration.modelChannels
    let embedding = try Tensor(
      sinusoidalEmbedding(timesteps, dim: width), shape: [timesteps.count, width], on: x.backend)
    return try self(x, embedding: embedding, context: context, hints: hints, control: control)
  }

  /// The sinusoidal embedding of a timestep, `[1, modelChannels]`: all that differs from step to step besides `x`.
  package func timestepEmbedding(_ timestep: Float, on backend: any Backend) throws -> Tensor {
    try Tensor(
      sinusoidalEmbedding([timestep], dim: configuration.modelChannels), shape: [1, configuration.modelChannels],
      on: backend)
  }

  /// SiLU of what all residual blocks are told: the timestep's embedding, and the added one.
  private func activatedEmbedding(_ embedding: Tensor, added: Tensor?) throws -> Tensor {
    precondition((added == nil) == addedEmbedding.isEmpty, "an added embedding where the configuration has one")
    let time = try timeEmbedding[0](embedding, activation: .silu)
    guard let added else { return try timeEmbedding[1](time, activation: .silu) }
    return try (timeEmbedding[1](time) + addedEmbedding[1](addedEmbedding[0](added, activation: .silu))).silu()
  }

  /// The same with a timestep from ``timestepEmbedding(_:on:)``, or one for each row; brings nothing from the host.
  ///
  /// - Parameters:
  ///   - injection: rows that look at other pictures too, all of them in order; none for an ordinary pass.
  ///   - areas: the tokens of each area of what is injected, at every level; empty for one area.
  package func callAsFunction(
    _ x: Tensor, embedding: Tensor, context: PreparedContext, hints: [Tensor], control: AttentionControl,
    added: Tensor? = nil, injection: [InjectedRows]? = nil, areas: [TokenRegions] = []
  ) throws -> Tensor {
    let h = try features(
      x, embedding: embedding, hints: hints, added: added,
      AttentionConditions(
        context: context, control: control, injection: injection.map { .reading($0, areas: areas) } ?? .none))
    return try outConv(outNorm(h, activation: .silu))
  }

  /// What the self-attentions of another pass shall see of `x`: its way through the network up to the last of them.
  package func bank(
    of x: Tensor, embedding: Tensor, context: PreparedContext, hints: [Tensor], control: AttentionControl,
    added: Tensor? = nil
  ) throws -> AttentionBank {
    let bank = AttentionBank(blocks: configuration.transformerBlockCount)
    _ = try features(
      x, embedding: embedding, hints: hints, added: added,
      AttentionConditions(context: context, control: control, injection: .writing(bank)))
    return bank
  }

  /// Everything before the last layer.
  private func features(
    _ x: Tensor, embedding: Tensor, hints: [Tensor], added: Tensor?, _ conditions: AttentionConditions
  ) throws -> Tensor {
    precondition(
      hints.isEmpty || hints.count == hintIndices.count, "\(hints.count) hints for \(hintIndices.count) places")
    precondition(
      conditions.control.referenceScales.count == configuration.transformerBlockCount, "a scale for each block")
    let activated = try activatedEmbedding(embedding, added: added)

    var remainingHints = hints[...]
    var h = try inputConv(x, residual: remainingHints.popFirst())
    var skips = [h]
    for (index, block) in inputBlocks.enumerated() {
      h = try block(h, activatedEmbedding: activated, conditions)
      if hintIndices.contains(index + 1), let hint = remainingHints.popFirst() { h = try h + hint }
      skips.append(h)
    }
    h = try middle.first(h, activatedEmbedding: activated)
    h = try middle.attention(h, conditions)
    h = try middle.last(h, activatedEmbedding: activated)
    for block in outputBlocks {
      h = try block(
        Tensor.concatenate([h, skips.removeLast()], axis: 3), activatedEmbedding: activated, conditions)
    }
    return h
  }
}
