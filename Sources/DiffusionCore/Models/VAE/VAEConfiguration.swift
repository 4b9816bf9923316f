// SPDX-License-Identifier: Apache-2.0

/// The size of the autoencoder.
public struct VAEConfiguration: Sendable, Hashable, Codable {
  /// Channels of the finest level.
  public var channels: Int
  /// Each level's channels as multiples of ``channels``; every level but the last halves the picture.
  public var channelMultipliers: [Int]
  /// Residual blocks a level in the encoder; one more in the decoder.
  public var residualBlocks: Int
  /// Channels of a latent.
  public var latentChannels: Int

  enum CodingKeys: String, CodingKey {
    case channels = "ch"
    case channelMultipliers = "ch_mult"
    case residualBlocks = "num_res_blocks"
    case latentChannels = "z_channels"
  }

  /// An autoencoder of the given sizes.
  public init(channels: Int, channelMultipliers: [Int], residualBlocks: Int, latentChannels: Int) {
    self.channels = channels
    self.channelMultipliers = channelMultipliers
    self.residualBlocks = residualBlocks
    self.latentChannels = latentChannels
  }
}
