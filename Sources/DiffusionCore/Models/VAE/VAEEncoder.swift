// SPDX-License-Identifier: Apache-2.0

/// The autoencoder's way in: picture to the moments of the latent's posterior.
///
/// Keys `first_stage_model.encoder.*` and `first_stage_model.quant_conv`.
public struct VAEEncoder: Sendable {
  /// `encoder.conv_in`
  let convIn: Conv2d
  /// `encoder.down.L.block.B` and `encoder.down.L.downsample.conv`
  let levels: [(blocks: [VAEResidualBlock], down: Conv2d?)]
  /// `encoder.mid`
  let middle: VAEMiddle
  /// `encoder.norm_out`, `encoder.conv_out`
  let normOut: GroupNorm
  let convOut: Conv2d
  /// `quant_conv`
  let quant: Linear
  let latentChannels: Int

  /// Loads the encoder from below `first_stage_model`.
  public init(_ root: Parameters, configuration: VAEConfiguration, normGroups groups: Int) throws {
    let p = root["encoder"]
    var channels = configuration.channels
    convIn = try Conv2d(p["conv_in"], inputs: 3, outputs: channels)
    let last = configuration.channelMultipliers.count - 1
    levels = try configuration.channelMultipliers.enumerated().map { level, multiplier in
      let place = p["down"][level]
      let blocks = try (0..<configuration.residualBlocks).map { index in
        defer { channels = configuration.channels * multiplier }
        return try VAEResidualBlock(
          place["block"][index], inputs: channels, outputs: configuration.channels * multiplier, groups: groups)
      }
      // Padding on the right and at the bottom only.
      let geometry = ConvolutionGeometry(stride: 2, paddingBefore: 0, paddingAfter: 1)
      let down =
        level == last
        ? nil
        : try Conv2d(place["downsample"]["conv"], inputs: channels, outputs: channels, geometry: geometry)
      return (blocks, down)
    }
    middle = try VAEMiddle(p["mid"], channels: channels, groups: groups)
    normOut = try GroupNorm(p["norm_out"], channels: channels, groups: groups, epsilon: 1e-6)
    let moments = 2 * configuration.latentChannels
    convOut = try Conv2d(p["conv_out"], inputs: channels, outputs: moments)
    quant = try Linear(pointwise: root["quant_conv"], inputs: moments, outputs: moments)
    latentChannels = configuration.latentChannels
  }

  /// The posterior of the latent, not scaled.
  ///
  /// - Parameter image: `[B, H, W, 3]` in -1...1; sides of at least the latent factor, others are rounded down.
  /// - Returns: mean and log variance, each `[B, H/8, W/8, C]`; the log variance is meant to be clamped to -30...20.
  public func callAsFunction(_ image: Tensor) throws -> (mean: Tensor, logVariance: Tensor) {
    try coarse(fine(image, norms: .own))
  }

  /// The same in tiles, where the size asks for them, see ``VAEDecoder/callAsFunction(_:tiling:progress:)``.
  ///
  /// - Parameters:
  ///   - image: `[B, H, W, 3]` in -1...1.
  ///   - progress: called around each tile, for each picture anew; not called if there are no tiles.
  public func callAsFunction(
    _ image: Tensor, tiling: VAETiling, progress: VAEProgress = { _, _ in }
  ) throws -> (mean: Tensor, logVariance: Tensor) {
    let factor = 1 << (levels.count - 1)
    let (height, width) = (image.shape[1] / factor, image.shape[2] / factor)
    guard let grid = tiling.grid(latentHeight: height, latentWidth: width, factor: factor) else {
      return try self(image)
    }
    let pass = TiledPass(grid: grid, inputScale: factor, outputScale: 1)
    let features = try (0..<image.shape[0]).map { index in
      try pass(image.sliced(axis: 0, index..<index + 1), progress: progress) { try fine($0, norms: $1) }
    }
    return try coarse(Tensor.concatenate(features, axis: 0))
  }

  /// Everything down to the latent's size: what sees its neighbourhood only, but for the norms.
  package func fine(_ image: Tensor, norms: NormStatistics) throws -> Tensor {
    var h = try convIn(image)
    for level in levels {
      guard let down = level.down else { break }
      for block in level.blocks { h = try block(h, norms: norms) }
      h = try down(h)
    }
    return h
  }

  /// Everything at the latent's own size.
  package func coarse(_ x: Tensor) throws -> (mean: Tensor, logVariance: Tensor) {
    var h = x
    for block in levels[levels.count - 1].blocks { h = try block(h) }
    let moments = try quant(convOut(normOut(middle(h), activation: .silu)))
    return (
      moments.sliced(axis: 3, 0..<latentChannels), moments.sliced(axis: 3, latentChannels..<2 * latentChannels)
    )
  }
}
