/// The size of the denoising U-Net.
public struct UNetConfiguration: Sendable, Hashable, Codable {
  /// Channels of the noisy latent.
  public var inChannels: Int
  /// Channels of the prediction.
  public var outChannels: Int
  /// Channels of the first level.
  public var modelChannels: Int
  /// Each level's channels as multiples of ``modelChannels``.
  public var channelMultipliers: [Int]
  /// Residual blocks a level on the way down; one more on the way up.
  public var residualBlocks: Int
  /// The downsampling factors at which there is attention.
  public var attentionResolutions: [Int]
  /// Channels of an attention head.
  public var headWidth: Int
  /// Channels of a context token.
  public var contextWidth: Int

  enum CodingKeys: String, CodingKey {
    case inChannels = "in_channels"
    case outChannels = "out_channels"
    case modelChannels = "model_channels"
    case channelMultipliers = "channel_mult"
    case residualBlocks = "num_res_blocks"
    case attentionResolutions = "attention_resolutions"
    case headWidth = "num_head_channels"
    case contextWidth = "context_dim"
  }

  /// A U-Net of the given sizes.
  public init(
    inChannels: Int, outChannels: Int, modelChannels: Int, channelMultipliers: [Int], residualBlocks: Int,
    attentionResolutions: [Int], headWidth: Int, contextWidth: Int
  ) {
    self.inChannels = inChannels
    self.outChannels = outChannels
    self.modelChannels = modelChannels
    self.channelMultipliers = channelMultipliers
    self.residualBlocks = residualBlocks
    self.attentionResolutions = attentionResolutions
    self.headWidth = headWidth
    self.contextWidth = contextWidth
  }

  /// How many transformer blocks there are: those on the way down, the middle one, those on the way up.
  public var transformerBlockCount: Int {
    let levels = channelMultipliers.indices.filter { attentionResolutions.contains(1 << $0) }.count
    return levels * (2 * residualBlocks + 1) + 1
  }
}
