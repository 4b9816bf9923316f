// SPDX-License-Identifier: Apache-2.0

/// A configuration whose numbers do not make a network.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The field, as it is named in `config.json`.
  public let field: String
  /// Its value.
  public let value: String
  /// What it must be.
  public let expected: String

  public var description: String { "configuration: \(field) is \(value), expected \(expected)" }
}

extension ModelConfiguration {
  /// Checks every number, so that building and running the network cannot fail on its sizes.
  ///
  /// - Throws: ``ConfigurationError`` for the first number that is out of range or does not fit another.
  public func validate() throws {
    try validateUNet()
    try validateEncoders()
    try check(vae.channels, "vae.ch", in: 1...4096)
    try check(vae.channelMultipliers, "vae.ch_mult")
    try require(
      vae.channelMultipliers.count == 4, "vae.ch_mult", "\(vae.channelMultipliers)",
      "4 levels: the sketch encoder shrinks by 8")
    try check(vae.residualBlocks, "vae.num_res_blocks", in: 1...8)
    try check(vae.latentChannels, "vae.z_channels", in: 1...64)
    for multiplier in vae.channelMultipliers {
      try require(
        vae.channels * multiplier % normGroups == 0, "vae.ch", "\(vae.channels) x \(multiplier)",
        "a multiple of norm_groups \(normGroups)")
    }
    try require(vae.channels % normGroups == 0, "vae.ch", "\(vae.channels)", "a multiple of \(normGroups)")
    try require((1e-4...1e4).contains(scaleFactor), "scale_factor", "\(scaleFactor)", "0.0001 to 10000")
    try check(imageSize, "image_size", in: 64...4096)
    try check(sampling.steps, "sampling.steps", in: 1...1000)
    try require((0...100).contains(sampling.guidance), "sampling.guidance", "\(sampling.guidance)", "0 to 100")
    _ = try NoiseSchedule(schedule)
  }

  private func validateUNet() throws {
    try check(normGroups, "norm_groups", in: 1...1024)
    try check(unet.inChannels, "unet.in_channels", in: 1...64)
    try require(
      unet.inChannels == vae.latentChannels && unet.outChannels == vae.latentChannels, "unet.in_channels, out_channels",
      "\(unet.inChannels), \(unet.outChannels)", "vae.z_channels, \(vae.latentChannels)")
    try check(unet.modelChannels, "unet.model_channels", in: 2...4096)
    try check(unet.channelMultipliers, "unet.channel_mult")
    try check(unet.residualBlocks, "unet.num_res_blocks", in: 1...8)
    switch unet.heads {
    case .width(let width): try check(width, "unet.num_head_channels", in: 1...4096)
    case .count(let count): try check(count, "unet.num_heads", in: 1...1024)
    }
    try check(unet.contextWidth, "unet.context_dim", in: 1...8192)
    for level in unet.levels { try check(level.transformerDepth, "unet.transformer_depth", in: 0...64) }
    try check(unet.middleDepth, "unet.transformer_depth_middle", in: 1...64)
    if let width = unet.addedEmbeddingWidth {
      try require(false, "unet.adm_in_channels", "\(width)", "none: a colorizer embeds nothing but the timestep")
    }
    for multiplier in unet.channelMultipliers {
      let channels = unet.modelChannels * multiplier
      try require(
        channels % normGroups == 0, "unet.model_channels", "\(unet.modelChannels) x \(multiplier)",
        "a multiple of norm_groups \(normGroups)")
      let (divisor, name) =
        switch unet.heads {
        case .width(let width): (width, "num_head_channels")
        case .count(let count): (count, "num_heads")
        }
      try require(
        channels % divisor == 0, "unet.model_channels", "\(unet.modelChannels) x \(multiplier)",
        "a multiple of \(name) \(divisor)")
    }
    try require(
      unet.modelChannels % normGroups == 0, "unet.model_channels", "\(unet.modelChannels)",
      "a multiple of norm_groups \(normGroups)")
    if let lora {
      try lora.foreground.validate("lora.fr")
      try lora.background.validate("lora.br")
    }
  }

  private func validateEncoders() throws {
    try check(imageEncoder.patchSize, "clip.patch", in: 1...256)
    try check(imageEncoder.imageSize, "clip.image_size", in: imageEncoder.patchSize...2048)
    try check(imageEncoder.width, "clip.width", in: 1...8192)
    try check(imageEncoder.layers, "clip.layers", in: 1...256)
    try check(imageEncoder.heads, "clip.heads", in: 1...256)
    try require(
      imageEncoder.width % imageEncoder.heads == 0, "clip.heads", "\(imageEncoder.heads)",
      "a divisor of clip.width \(imageEncoder.width)")
    try require(
      imageEncoder.outputWidth == unet.contextWidth, "clip.output_dim", "\(imageEncoder.outputWidth)",
      "unet.context_dim, \(unet.contextWidth)")
    if let sketchEncoder { try validate(sketchEncoder) }
    if let recovery { try validate(recovery) }
    if let threshold { try validate(threshold) }
  }

  private func validate(_ sketchEncoder: SketchEncoderConfiguration) throws {
    try require(
      sketchEncoder.inChannels == 3, "sketch.in_ch", "\(sketchEncoder.inChannels)", "3")
    try require(
      sketchEncoder.modelChannels == unet.modelChannels && sketchEncoder.channelMultipliers == unet.channelMultipliers,
      "sketch.model_channels, ch_mults", "\(sketchEncoder.modelChannels), \(sketchEncoder.channelMultipliers)",
      "those of the U-Net, \(unet.modelChannels), \(unet.channelMultipliers)")
  }

  private func validate(_ recovery: RecoveryConfiguration) throws {
    try check(recovery.layers, "cluster.layers", in: 1...64)
    try check(recovery.heads, "cluster.heads", in: 1...256)
    try require(
      recovery.width == unet.contextWidth && recovery.width % recovery.heads == 0, "cluster.dim", "\(recovery.width)",
      "unet.context_dim \(unet.contextWidth), and a multiple of cluster.heads \(recovery.heads)")
    try require(
      recovery.tokens == imageEncoder.tokenCount, "cluster.token_length", "\(recovery.tokens)",
      "the image encoder's \(imageEncoder.tokenCount) tokens, since both halves of the context are of one length")
  }

  private func validate(_ threshold: ThresholdEmbedderConfiguration) throws {
    try check(threshold.embeddingWidth, "threshold.embed_dim", in: 2...8192)
    try require(
      threshold.outputWidth == unet.contextWidth, "threshold.out_dim", "\(threshold.outputWidth)",
      "unet.context_dim, \(unet.contextWidth)")
  }

  private func require(_ condition: Bool, _ field: String, _ value: String, _ expected: String) throws {
    guard condition else { throw ConfigurationError(field: field, value: value, expected: expected) }
  }

  private func check(_ value: Int, _ field: String, in range: ClosedRange<Int>) throws {
    try require(range.contains(value), field, "\(value)", "\(range.lowerBound) to \(range.upperBound)")
  }

  private func check(_ multipliers: [Int], _ field: String) throws {
    try require(
      (1...6).contains(multipliers.count) && multipliers.allSatisfy { (1...64).contains($0) }, field, "\(multipliers)",
      "1 to 6 levels of 1 to 64")
  }
}

extension ModelConfiguration {
  /// The noise schedule's numbers.
  public var schedule: ScheduleConfiguration {
    ScheduleConfiguration(linearStart: linearStart, linearEnd: linearEnd, timesteps: timesteps)
  }
}

extension LoRARank {
  fileprivate func validate(_ field: String) throws {
    if case .sum(let ranks) = self {
      guard (1...64).contains(ranks.count) else {
        throw ConfigurationError(field: field, value: "\(ranks.count) ranks", expected: "1 to 64 ranks")
      }
      for rank in ranks {
        // One level of sums says all there is to say; more would only let a file nest without bound.
        if case .sum = rank {
          throw ConfigurationError(field: field, value: "\(self)", expected: "a sum of ranks and fractions")
        }
        try rank.validate(field)
      }
      return
    }
    let valid =
      switch self {
      case .rank(let rank): (1...8192).contains(rank)
      case .fraction(let fraction): fraction > 0 && fraction <= 1
      case .sum: true
      }
    guard valid else {
      throw ConfigurationError(field: field, value: "\(self)", expected: "a rank from 1 or a fraction in (0, 1]")
    }
  }
}

extension ConfigurationError: CategorizedError {
  public var category: ErrorCategory { .model }
}
