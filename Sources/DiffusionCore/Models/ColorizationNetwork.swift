// SPDX-License-Identifier: Apache-2.0

/// The whole network: everything that a checkpoint holds, loaded on one backend.
public struct ColorizationNetwork: Sendable {
  /// The sizes.
  public let configuration: ModelConfiguration
  /// `model.diffusion_model`
  public let unet: UNet
  /// `first_stage_model.encoder`
  public let vaeEncoder: VAEEncoder
  /// `first_stage_model.decoder`
  public let vaeDecoder: VAEDecoder
  /// `cond_stage_model.visual.model`
  public let imageEncoder: OpenCLIPVisionTower
  /// `control_encoder`; nil if the configuration has none
  public let sketchEncoder: SketchEncoder?
  /// What only the mask modes need; nil if the checkpoint is vanilla only.
  public let split: SplitParts?

  /// The parts of the paper's second stage, besides the low-rank branches.
  public struct SplitParts: Sendable {
    /// `transformer`; nil if the configuration has none
    public let recovery: RecoveryTransformer?
    /// `thresh_embedder`; nil if the configuration has none
    public let threshold: ThresholdEmbedder?

    /// The tokens `[B, M, C]` with the thresholds told that masks were cut at, if the network wants to know them.
    ///
    /// - Parameter thresholds: one for all rows, or one for each.
    public func telling(_ thresholds: [Float], to tokens: Tensor) throws -> Tensor {
      try threshold.map { try tokens + $0(thresholds) } ?? tokens
    }

    /// The tokens of whole backgrounds, of pictures whose figures were cut out at those thresholds.
    ///
    /// - Parameters:
    ///   - tokens: `[B, M, C]`.
    ///   - thresholds: one for all rows, or one for each.
    public func background(cutOut tokens: Tensor, thresholds: [Float]) throws -> Tensor {
      let told = try telling(thresholds, to: tokens)
      return try recovery.map { try $0(told) } ?? told
    }
  }

  /// A network of given parts.
  init(
    configuration: ModelConfiguration, unet: UNet, vaeEncoder: VAEEncoder, vaeDecoder: VAEDecoder,
    imageEncoder: OpenCLIPVisionTower, sketchEncoder: SketchEncoder?, split: SplitParts?
  ) {
    self.configuration = configuration
    self.unet = unet
    self.vaeEncoder = vaeEncoder
    self.vaeDecoder = vaeDecoder
    self.imageEncoder = imageEncoder
    self.sketchEncoder = sketchEncoder
    self.split = split
  }

  /// Builds the network from its parameters.
  ///
  /// - Parameter withSplit: whether the parts of the mask modes are there.
  public init(_ p: Parameters, configuration c: ModelConfiguration, withSplit: Bool) throws {
    configuration = c
    unet = try Self.unet(p, c, withSplit: withSplit)
    vaeEncoder = try Self.vaeEncoder(p, c)
    vaeDecoder = try Self.vaeDecoder(p, c)
    imageEncoder = try Self.imageEncoder(p, c)
    sketchEncoder = try c.sketchEncoder.map { try Self.sketchEncoder(p, $0) }
    split = withSplit ? try Self.split(p, c) : nil
  }

  static func unet(_ p: Parameters, _ c: ModelConfiguration, withSplit: Bool) throws -> UNet {
    try UNet(
      p[.unet], configuration: c.unet, lora: withSplit ? c.lora : nil, normGroups: c.normGroups)
  }
  static func vaeEncoder(_ p: Parameters, _ c: ModelConfiguration) throws -> VAEEncoder {
    try VAEEncoder(p[.vae], configuration: c.vae, normGroups: c.normGroups)
  }
  static func vaeDecoder(_ p: Parameters, _ c: ModelConfiguration) throws -> VAEDecoder {
    try VAEDecoder(p[.vae], configuration: c.vae, normGroups: c.normGroups)
  }
  static func imageEncoder(_ p: Parameters, _ c: ModelConfiguration) throws -> OpenCLIPVisionTower {
    try OpenCLIPVisionTower(p[.imageEncoder], configuration: c.imageEncoder)
  }
  static func sketchEncoder(_ p: Parameters, _ sizes: SketchEncoderConfiguration) throws -> SketchEncoder {
    try SketchEncoder(p[.sketchEncoder], configuration: sizes)
  }
  static func split(_ p: Parameters, _ c: ModelConfiguration) throws -> SplitParts {
    SplitParts(
      recovery: try c.recovery.map { try RecoveryTransformer(p[.recovery], configuration: $0) },
      threshold: try c.threshold.map { try ThresholdEmbedder(p[.threshold], configuration: $0) })
  }

  /// The sketch encoder's hints, see ``SketchEncoder/callAsFunction(_:)``; none for a network without one.
  public func hints(_ sketch: Tensor) throws -> [Tensor] { try sketchEncoder?(sketch) ?? [] }

  /// Every key of a checkpoint of that configuration with its shape in PyTorch's order, in the order of loading.
  ///
  /// - Throws: ``ConfigurationError``.
  public static func parameters(of configuration: ModelConfiguration) throws -> [(key: String, shape: Shape)] {
    try configuration.validate()
    let recorder = ParameterRecorder()
    _ = try ColorizationNetwork(
      Parameters(recorder), configuration: configuration, withSplit: configuration.lora != nil)
    return recorder.entries
  }

  /// Loads a checkpoint.
  ///
  /// Reading is strict: every key must be there, of the right shape and finite, and no other key may be, but for the
  /// parts that are known and not needed. All faults are listed in one error, before memory is taken. A file without
  /// any key of the mask modes makes a network for the vanilla mode only.
  ///
  /// - Throws: ``WeightError``, ``ConfigurationError``, ``BackendError``.
  public static func load(
    _ source: WeightSource, configuration: ModelConfiguration, backend: any Backend,
    storage: CheckpointParameters.Storage = .asStored
  ) throws -> (network: ColorizationNetwork, report: LoadReport) {
    let parts = try NetworkParts(source, configuration: configuration, backend: backend, storage: storage)
    return (try parts.network(), parts.report)
  }
}
