// SPDX-License-Identifier: Apache-2.0

/// The autoencoder's way out: latent to picture.
///
/// Keys `first_stage_model.decoder.*` and `first_stage_model.post_quant_conv`.
public struct VAEDecoder: Sendable {
  /// `post_quant_conv`
  let postQuant: Linear
  /// `decoder.conv_in`
  let convIn: Conv2d
  /// `decoder.mid`
  let middle: VAEMiddle
  /// `decoder.up.L.block.B` and `decoder.up.L.upsample.conv`, coarsest level first
  let levels: [(blocks: [VAEResidualBlock], up: Upsampler?)]
  /// `decoder.norm_out`, `decoder.conv_out`
  let normOut: GroupNorm
  let convOut: Conv2d

  /// Loads the decoder from below `first_stage_model`.
  public init(_ root: Parameters, configuration: VAEConfiguration, normGroups groups: Int) throws {
    let p = root["decoder"]
    let latent = configuration.latentChannels
    var channels = configuration.channels * (configuration.channelMultipliers.last ?? 1)
    postQuant = try Linear(pointwise: root["post_quant_conv"], inputs: latent, outputs: latent)
    convIn = try Conv2d(p["conv_in"], inputs: latent, outputs: channels)
    middle = try VAEMiddle(p["mid"], channels: channels, groups: groups)
    levels = try configuration.channelMultipliers.enumerated().reversed().map { level, multiplier in
      let place = p["up"][level]
      let blocks = try (0...configuration.residualBlocks).map { index in
        defer { channels = configuration.channels * multiplier }
        return try VAEResidualBlock(
          place["block"][index], inputs: channels, outputs: configuration.channels * multiplier, groups: groups)
      }
      return (blocks, level == 0 ? nil : try Upsampler(place["upsample"], channels: channels))
    }
    normOut = try GroupNorm(p["norm_out"], channels: channels, groups: groups, epsilon: 1e-6)
    convOut = try Conv2d(p["conv_out"], inputs: channels, outputs: 3)
  }

  /// Decodes latents that are not scaled (divided by the scale factor before).
  ///
  /// - Parameter latent: `[B, h, w, C]`.
  /// - Returns: `[B, 8 h, 8 w, 3]`, about -1...1, not clamped.
  public func callAsFunction(_ latent: Tensor) throws -> Tensor { try fine(coarse(latent), norms: .own) }

  /// The same in tiles, where the size asks for them: within the memory of one tile's decoding, whatever the size.
  ///
  /// The coarsest level, which sees the whole picture through attention and takes little memory, is not cut; the others
  /// run in overlapping tiles.
  ///
  /// - Parameters:
  ///   - latent: `[B, h, w, C]`.
  ///   - progress: called around each tile, for each latent anew; not called if there are no tiles.
  /// - Returns: `[B, 8 h, 8 w, 3]`; without tiles, bit for bit what ``callAsFunction(_:)`` gives.
  public func callAsFunction(
    _ latent: Tensor, tiling: VAETiling, progress: VAEProgress = { _, _ in }
  ) throws -> Tensor {
    let factor = 1 << (levels.count - 1)
    guard let grid = tiling.grid(latentHeight: latent.shape[1], latentWidth: latent.shape[2], factor: factor) else {
      return try self(latent)
    }
    let pass = TiledPass(grid: grid, inputScale: 1, outputScale: factor)
    let pictures = try (0..<latent.shape[0]).map { index in
      try pass(coarse(latent.sliced(axis: 0, index..<index + 1)), progress: progress) { try fine($0, norms: $1) }
    }
    return try Tensor.concatenate(pictures, axis: 0)
  }

  /// Everything at the latent's own size.
  package func coarse(_ latent: Tensor) throws -> Tensor {
    var h = try middle(convIn(postQuant(latent)))
    for block in levels[0].blocks { h = try block(h) }
    return h
  }

  /// Everything above: what sees its neighbourhood only, but for the norms.
  package func fine(_ x: Tensor, norms: NormStatistics) throws -> Tensor {
    var h = x
    for (index, level) in levels.enumerated() {
      if index > 0 { for block in level.blocks { h = try block(h, norms: norms) } }
      if let up = level.up { h = try up(h) }
    }
    return try convOut(norms.normalize(h, by: normOut, activation: .silu))
  }
}
