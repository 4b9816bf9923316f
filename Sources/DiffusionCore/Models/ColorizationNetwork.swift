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
  /// `control_encoder`
  public let sketchEncoder: SketchEncoder
  /// What only the mask modes need; nil if the checkpoint is vanilla only.
  public let split: SplitParts?

  /// The parts of the paper's second stage, besides the low-rank branches.
  public struct SplitParts: Sendable {
    /// `transformer`
    public let recovery: RecoveryTransformer
    /// `thresh_embedder`
    public let threshold: ThresholdEmbedder
  }

  /// Builds the network from its parameters.
  ///
  /// - Parameter withSplit: whether the parts of the mask modes are there.
  public init(_ p: Parameters, configuration c: ModelConfiguration, withSplit: Bool) throws {
    configuration = c
    unet = try UNet(
      p["model"]["diffusion_model"], configuration: c.unet, lora: withSplit ? c.lora : nil, normGroups: c.normGroups)
    let vae = p["first_stage_model"]
    vaeEncoder = try VAEEncoder(vae, configuration: c.vae, normGroups: c.normGroups)
    vaeDecoder = try VAEDecoder(vae, configuration: c.vae, normGroups: c.normGroups)
    imageEncoder = try OpenCLIPVisionTower(
      p["cond_stage_model"]["visual"]["model"], configuration: c.imageEncoder)
    sketchEncoder = try SketchEncoder(p["control_encoder"], configuration: c.sketchEncoder)
    split =
      withSplit
      ? SplitParts(
        recovery: try RecoveryTransformer(p["transformer"], configuration: c.recovery),
        threshold: try ThresholdEmbedder(p["thresh_embedder"], configuration: c.threshold)) : nil
  }

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
    try configuration.validate()
    let splitPrefixes = ["transformer.", "thresh_embedder."]
    let hasSplit =
      configuration.lora != nil
      && source.keys.contains { key in key.contains(".lora_") || splitPrefixes.contains { key.hasPrefix($0) } }
    func build(_ reader: WeightReader, on backend: any Backend) throws -> ColorizationNetwork {
      let parameters = CheckpointParameters(reader, backend: backend, storage: storage)
      return try ColorizationNetwork(Parameters(parameters), configuration: configuration, withSplit: hasSplit)
    }
    let checking = WeightReader(source)
    checking.ignore(UnusedPart.scheduleBuffers + UnusedPart.trainingState + UnusedPart.textTower)
    _ = try build(checking, on: ShapeOnlyBackend())
    let report = try checking.finish()
    // Checking has touched every page; after loading, what was repacked is not needed in the file's order.
    for file in source.files { file.releasePages() }
    let network = try build(WeightReader(source, checksFinite: false), on: backend)
    for file in source.files { file.releasePages() }
    return (network, report)
  }
}
