// SPDX-License-Identifier: Apache-2.0

/// The size of every part of a colorizer's network, the diffusion process and the working picture size.
///
/// It is read from the `config.json` beside a model's weights, or is a preset.
public struct ModelConfiguration: Sendable, Hashable, Codable {
  /// The denoising U-Net.
  public var unet: UNetConfiguration
  /// Ranks of the two branches of the split cross-attention, nil for a model that is vanilla only.
  public var lora: LoRAConfiguration?
  /// The autoencoder.
  public var vae: VAEConfiguration
  /// The image encoder.
  public var imageEncoder: OpenCLIPVisionConfiguration
  /// The sketch encoder; nil for a network that sees no drawing.
  public var sketchEncoder: SketchEncoderConfiguration?
  /// The background recovery transformer; nil for a network that takes a background as it is cut out.
  public var recovery: RecoveryConfiguration?
  /// The threshold embedder; nil for a network that is not told the threshold of masks.
  public var threshold: ThresholdEmbedderConfiguration?
  /// `v` or `eps`: what the U-Net predicts.
  public var prediction: PredictionType
  /// What a latent is multiplied by before diffusion, so that its variance is about 1.
  public var scaleFactor: Double
  /// The first beta of the noise schedule.
  public var linearStart: Double
  /// The last beta of the noise schedule.
  public var linearEnd: Double
  /// The number of diffusion steps in training.
  public var timesteps: Int
  /// The side of the pictures that the model was trained on, in pixels.
  public var imageSize: Int
  /// The groups of every group norm of the U-Net and the autoencoder.
  public var normGroups: Int
  /// The settings of a run that suit the model.
  public var sampling: SamplingDefaults
  /// What becomes of the model's paintings.
  public var finish: FinishDefaults

  enum CodingKeys: String, CodingKey {
    case unet, lora, vae, prediction, timesteps, threshold, sampling, finish
    case imageEncoder = "clip"
    case sketchEncoder = "sketch"
    case recovery = "cluster"
    case scaleFactor = "scale_factor"
    case linearStart = "linear_start"
    case linearEnd = "linear_end"
    case imageSize = "image_size"
    case normGroups = "norm_groups"
  }

  /// Decodes a `config.json`. `lora`, `sketch`, `cluster` and `threshold` (none), `prediction` (`v`), `timesteps` (1000),
  /// `image_size` (512), `norm_groups` (32), `sampling` and `finish` (those of the published checkpoints) may be left out.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    unet = try values.decode(UNetConfiguration.self, forKey: .unet)
    lora = try values.decodeIfPresent(LoRAConfiguration.self, forKey: .lora)
    vae = try values.decode(VAEConfiguration.self, forKey: .vae)
    imageEncoder = try values.decode(OpenCLIPVisionConfiguration.self, forKey: .imageEncoder)
    sketchEncoder = try values.decodeIfPresent(SketchEncoderConfiguration.self, forKey: .sketchEncoder)
    recovery = try values.decodeIfPresent(RecoveryConfiguration.self, forKey: .recovery)
    threshold = try values.decodeIfPresent(ThresholdEmbedderConfiguration.self, forKey: .threshold)
    prediction = try values.decodeIfPresent(PredictionType.self, forKey: .prediction) ?? .v
    scaleFactor = try values.decode(Double.self, forKey: .scaleFactor)
    linearStart = try values.decodeIfPresent(Double.self, forKey: .linearStart) ?? 0.00085
    linearEnd = try values.decodeIfPresent(Double.self, forKey: .linearEnd) ?? 0.012
    timesteps = try values.decodeIfPresent(Int.self, forKey: .timesteps) ?? 1000
    imageSize = try values.decodeIfPresent(Int.self, forKey: .imageSize) ?? 512
    normGroups = try values.decodeIfPresent(Int.self, forKey: .normGroups) ?? 32
    sampling = try values.decodeIfPresent(SamplingDefaults.self, forKey: .sampling) ?? .published
    finish = try values.decodeIfPresent(FinishDefaults.self, forKey: .finish) ?? .published
  }

  /// A configuration of the given parts with the published diffusion process.
  public init(
    unet: UNetConfiguration, lora: LoRAConfiguration?, vae: VAEConfiguration, imageEncoder: OpenCLIPVisionConfiguration,
    sketchEncoder: SketchEncoderConfiguration?, recovery: RecoveryConfiguration?,
    threshold: ThresholdEmbedderConfiguration?, prediction: PredictionType = .v, scaleFactor: Double = 0.18215,
    linearStart: Double = 0.00085, linearEnd: Double = 0.012, timesteps: Int = 1000, imageSize: Int = 512,
    normGroups: Int = 32, sampling: SamplingDefaults = .published, finish: FinishDefaults = .published
  ) {
    self.unet = unet
    self.lora = lora
    self.vae = vae
    self.imageEncoder = imageEncoder
    self.sketchEncoder = sketchEncoder
    self.recovery = recovery
    self.threshold = threshold
    self.prediction = prediction
    self.scaleFactor = scaleFactor
    self.linearStart = linearStart
    self.linearEnd = linearEnd
    self.timesteps = timesteps
    self.imageSize = imageSize
    self.normGroups = normGroups
    self.sampling = sampling
    self.finish = finish
  }

  /// The published v1.5 checkpoints: an SD 2.1 U-Net, OpenCLIP ViT-H/14, foreground rank 4, background half rank.
  public static let v1_5 = ModelConfiguration(
    unet: UNetConfiguration(
      inChannels: 4, outChannels: 4, modelChannels: 320, channelMultipliers: [1, 2, 4, 4], residualBlocks: 2,
      attentionResolutions: [1, 2, 4], headWidth: 64, contextWidth: 1024),
    lora: LoRAConfiguration(foreground: .rank(4), background: .fraction(0.5)),
    vae: VAEConfiguration(channels: 128, channelMultipliers: [1, 2, 4, 4], residualBlocks: 2, latentChannels: 4),
    imageEncoder: OpenCLIPVisionConfiguration(
      imageSize: 224, patchSize: 14, width: 1280, layers: 32, heads: 16, outputWidth: 1024),
    sketchEncoder: SketchEncoderConfiguration(inChannels: 3, modelChannels: 320, channelMultipliers: [1, 2, 4, 4]),
    recovery: RecoveryConfiguration(width: 1024, layers: 6, tokens: 256, heads: 16),
    threshold: ThresholdEmbedderConfiguration(embeddingWidth: 256, outputWidth: 1024))

  /// How many image pixels a latent pixel stands for along each axis.
  public var latentFactor: Int { 1 << (vae.channelMultipliers.count - 1) }

  /// What the picture's sides must be multiples of, so that every level of the U-Net has whole pixels.
  public var sizeMultiple: Int { latentFactor << (unet.levels.count - 1) }
}
