// SPDX-License-Identifier: Apache-2.0

/// As the configurations of latent diffusion have it:
///
/// | key | |
/// | --- | --- |
/// | `in_channels`, `out_channels`, `model_channels`, `num_res_blocks`, `context_dim` | numbers |
/// | `channel_mult` | each level's multiplier |
/// | `attention_resolutions` | the downsampling factors of the levels with attention |
/// | `num_head_channels`, or `num_heads` | channels of a head, or the number of heads |
/// | `transformer_depth` | blocks of each level's transformers, or one number for all (1) |
/// | `transformer_depth_middle` | blocks at the bottom (as many as at the coarsest level, or 1 if that has none) |
/// | `use_linear_in_transformer` | whether projections are linear layers (false) |
/// | `adm_in_channels` | channels of an added embedding (none) |
extension UNetConfiguration: Codable {
  enum CodingKeys: String, CodingKey {
    case inChannels = "in_channels"
    case outChannels = "out_channels"
    case modelChannels = "model_channels"
    case multipliers = "channel_mult"
    case residualBlocks = "num_res_blocks"
    case attentionResolutions = "attention_resolutions"
    case headWidth = "num_head_channels"
    case headCount = "num_heads"
    case contextWidth = "context_dim"
    case depth = "transformer_depth"
    case middleDepth = "transformer_depth_middle"
    case usesLinearProjections = "use_linear_in_transformer"
    case addedEmbeddingWidth = "adm_in_channels"
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let multipliers = try values.decode([Int].self, forKey: .multipliers)
    let levels = try Self.levels(multipliers, values)
    let heads: Heads =
      if let count = try values.decodeIfPresent(Int.self, forKey: .headCount) {
        .count(count)
      } else {
        .width(try values.decode(Int.self, forKey: .headWidth))
      }
    if case .count = heads, values.contains(.headWidth), try values.decode(Int.self, forKey: .headWidth) > 0 {
      throw DecodingError.dataCorruptedError(
        forKey: .headCount, in: values, debugDescription: "num_heads and num_head_channels exclude each other")
    }
    self.init(
      inChannels: try values.decode(Int.self, forKey: .inChannels),
      outChannels: try values.decode(Int.self, forKey: .outChannels),
      modelChannels: try values.decode(Int.self, forKey: .modelChannels), levels: levels,
      middleDepth: try values.decodeIfPresent(Int.self, forKey: .middleDepth) ?? Self.middleDepth(below: levels),
      residualBlocks: try values.decode(Int.self, forKey: .residualBlocks), heads: heads,
      contextWidth: try values.decode(Int.self, forKey: .contextWidth),
      usesLinearProjections: try values.decodeIfPresent(Bool.self, forKey: .usesLinearProjections) ?? false,
      addedEmbeddingWidth: try values.decodeIfPresent(Int.self, forKey: .addedEmbeddingWidth))
  }

  private static func levels(
    _ multipliers: [Int], _ values: KeyedDecodingContainer<CodingKeys>
  ) throws -> [Level] {
    let resolutions = try values.decode([Int].self, forKey: .attentionResolutions)
    // A list without end is refused later, with the list.
    let factors = multipliers.indices.map { 1 << min($0, 62) }
    guard resolutions.allSatisfy(factors.contains) else {
      throw DecodingError.dataCorruptedError(
        forKey: .attentionResolutions, in: values,
        debugDescription: "\(resolutions), where powers of two below \(1 << min(multipliers.count, 62)) are expected")
    }
    let depths: [Int]
    if !values.contains(.depth) {
      depths = multipliers.map { _ in 1 }
    } else if let all = try? values.decode(Int.self, forKey: .depth) {
      depths = multipliers.map { _ in all }
    } else {
      depths = try values.decode([Int].self, forKey: .depth)
    }
    guard depths.count == multipliers.count else {
      throw DecodingError.dataCorruptedError(
        forKey: .depth, in: values, debugDescription: "\(depths.count) depths for \(multipliers.count) levels")
    }
    return zip(zip(multipliers, depths), factors).map { level, factor in
      Level(multiplier: level.0, transformerDepth: resolutions.contains(factor) ? level.1 : 0)
    }
  }

  private static func middleDepth(below levels: [Level]) -> Int { max(levels.last?.transformerDepth ?? 1, 1) }

  /// Keys that older readers do not know are written only where they are needed.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(inChannels, forKey: .inChannels)
    try values.encode(outChannels, forKey: .outChannels)
    try values.encode(modelChannels, forKey: .modelChannels)
    try values.encode(channelMultipliers, forKey: .multipliers)
    try values.encode(residualBlocks, forKey: .residualBlocks)
    try values.encode(attentionResolutions, forKey: .attentionResolutions)
    switch heads {
    case .width(let width): try values.encode(width, forKey: .headWidth)
    case .count(let count): try values.encode(count, forKey: .headCount)
    }
    try values.encode(contextWidth, forKey: .contextWidth)
    if levels.contains(where: { $0.transformerDepth > 1 }) {
      try values.encode(levels.map(\.transformerDepth), forKey: .depth)
    }
    if middleDepth != Self.middleDepth(below: levels) { try values.encode(middleDepth, forKey: .middleDepth) }
    if usesLinearProjections { try values.encode(true, forKey: .usesLinearProjections) }
    try values.encodeIfPresent(addedEmbeddingWidth, forKey: .addedEmbeddingWidth)
  }
}
