// SPDX-License-Identifier: Apache-2.0

import CKernels

/// The network of a checkpoint in parts, each of which is loaded when it is first asked for and can be let go.
///
/// A run needs its parts one after another: the image encoder for the reference, the sketch encoder for the lines, the
/// U-Net for the steps, the decoder for the picture. Who has little memory keeps one of them at a time.
public final class NetworkParts: Sendable {
  /// A part that can be loaded and let go by itself.
  public enum Part: String, Sendable, Hashable, CaseIterable {
    case imageEncoder, textEncoder, split, sketchEncoder, unet, vaeEncoder, vaeDecoder

    /// The sections of a checkpoint that it is read from.
    public var sections: [CheckpointSection] {
      switch self {
      case .imageEncoder: [.imageEncoder]
      case .textEncoder: [.textTower]
      case .split: [.recovery, .threshold]
      case .sketchEncoder: [.sketchEncoder]
      case .unet: [.unet]
      case .vaeEncoder, .vaeDecoder: [.vae]
      }
    }
  }

  /// The sizes.
  public let configuration: ModelConfiguration
  /// Whether the checkpoint has the parts of the mask modes.
  public let hasSplit: Bool
  /// The sizes of the text tower; nil if the checkpoint has none. No run needs it but for the texts of a request, so it is
  /// checked when it is first asked for.
  public let textConfiguration: OpenCLIPTextConfiguration?
  /// What was read of the files.
  public let report: LoadReport

  private let loaded = Locked<[Part: any Sendable]>([:])
  private let files: [any WeightFile]
  /// Makes a fresh reading of the parameters; nil where all parts were given and none can be loaded again.
  private let makeParameters: (@Sendable (LoadingMeter) -> Parameters)?
  /// Finds the faults of the text tower.
  private let checkTextTower: @Sendable () throws -> Void

  /// Checks a checkpoint, and loads none of its parts yet.
  ///
  /// Reading is strict: every key must be there, of the right shape and finite, and no other key may be, but for the
  /// parts that are known and not needed. All faults are listed in one error. A file without any key of the mask modes
  /// makes a network for the vanilla mode only.
  ///
  /// - Parameter progress: called now and then with the share of the bytes that are checked, 0...1. Throwing ends it.
  /// - Throws: ``WeightError``, ``ConfigurationError``, ``BackendError``, and what `progress` throws.
  public init(
    _ source: WeightSource, configuration: ModelConfiguration, backend: any Backend,
    storage: CheckpointParameters.Storage = .asStored, progress: @escaping LoadProgress = { _ in }
  ) throws {
    try configuration.validate()
    let hasSplit = Self.hasSplit(source, configuration: configuration)
    let checking = WeightReader(source)
    checking.ignore(UnusedPart.scheduleBuffers + UnusedPart.trainingState + UnusedPart.textTower)
    let total = source.files.reduce(0) { $0 + $1.dataByteCount }
    let meter = LoadingMeter(total: total, files: source.files, progress: progress)
    _ = try ColorizationNetwork(
      Parameters(
        CheckpointParameters(checking, backend: ShapeOnlyBackend(), storage: storage, meter: meter)),
      configuration: configuration, withSplit: hasSplit)
    report = try checking.finish()
    // Checking has touched every page.
    for file in source.files { file.releasePages() }
    self.configuration = configuration
    self.hasSplit = hasSplit
    textConfiguration = OpenCLIPTextConfiguration(source)
    files = source.files
    checkTextTower = { [textConfiguration] in
      _ = try textConfiguration.map { try Self.checkTextTower(source, configuration: $0) }
    }
    makeParameters = { meter in
      Parameters(
        CheckpointParameters(
          WeightReader(source, checksFinite: false), backend: backend, storage: storage, meter: meter))
    }
  }

  /// Whether files hold the parts of the mask modes, or some of them.
  package static func hasSplit(_ source: WeightSource, configuration: ModelConfiguration) -> Bool {
    let prefixes = Part.split.sections.map(\.prefix)
    return configuration.lora != nil
      && source.keys.contains { key in key.contains(".lora_") || prefixes.contains { key.hasPrefix($0) } }
  }

  /// Parts whose parameters come from elsewhere: without a checkpoint, unchecked.
  package init(
    _ source: any ParameterSource, configuration: ModelConfiguration, hasSplit: Bool,
    textConfiguration: OpenCLIPTextConfiguration? = nil
  ) {
    self.configuration = configuration
    self.hasSplit = hasSplit
    self.textConfiguration = textConfiguration
    checkTextTower = {}
    report = LoadReport()
    files = []
    makeParameters = { _ in Parameters(source) }
  }

  /// The parts of a network, all of them loaded; they cannot be let go.
  public init(_ network: ColorizationNetwork) {
    configuration = network.configuration
    hasSplit = network.split != nil
    textConfiguration = nil
    checkTextTower = {}
    report = LoadReport()
    files = []
    makeParameters = nil
    var parts: [Part: any Sendable] = [
      .unet: network.unet, .vaeEncoder: network.vaeEncoder, .vaeDecoder: network.vaeDecoder,
      .imageEncoder: network.imageEncoder,
    ]
    if let encoder = network.sketchEncoder { parts[.sketchEncoder] = encoder }
    if let split = network.split { parts[.split] = split }
    loaded.mutate { [parts] in $0 = parts }
  }

  /// `model.diffusion_model`
  public func unet() throws -> UNet {
    try part(.unet) { try ColorizationNetwork.unet($0, configuration, withSplit: hasSplit) }
  }
  /// `first_stage_model.encoder`
  public func vaeEncoder() throws -> VAEEncoder {
    try part(.vaeEncoder) { try ColorizationNetwork.vaeEncoder($0, configuration) }
  }
  /// `first_stage_model.decoder`
  public func vaeDecoder() throws -> VAEDecoder {
    try part(.vaeDecoder) { try ColorizationNetwork.vaeDecoder($0, configuration) }
  }
  /// `cond_stage_model.visual.model`
  public func imageEncoder() throws -> OpenCLIPVisionTower {
    try part(.imageEncoder) { try ColorizationNetwork.imageEncoder($0, configuration) }
  }
  /// `cond_stage_model.transformer.model`
  ///
  /// - Throws: ``WeightError`` if there is none or it is damaged, besides what loading throws.
  public func textEncoder() throws -> OpenCLIPTextTower {
    guard let textConfiguration else {
      throw WeightError.keyNotFound(
        file: files.map(\.name).joined(separator: ", "),
        key: "\(CheckpointSection.textTower.prefix)token_embedding.weight")
    }
    return try part(.textEncoder) {
      try checkTextTower()
      return try OpenCLIPTextTower($0[.textTower], configuration: textConfiguration)
    }
  }

  /// Makes sure that the text tower of files is whole: every weight there, of its shape and finite.
  ///
  /// - Throws: ``WeightError/mismatch(_:)``.
  package static func checkTextTower(_ source: WeightSource, configuration: OpenCLIPTextConfiguration) throws {
    let reader = WeightReader(source)
    _ = try OpenCLIPTextTower(
      Parameters(CheckpointParameters(reader, backend: ShapeOnlyBackend()))[.textTower], configuration: configuration)
    var report = reader.report()
    // The rest of the checkpoint was looked at before.
    report.unexpected = []
    guard report.isUsable else { throw WeightError.mismatch(report) }
  }

  /// `control_encoder`
  ///
  /// - Throws: ``ConfigurationError`` if the configuration has none, besides what loading throws.
  public func sketchEncoder() throws -> SketchEncoder {
    guard let sizes = configuration.sketchEncoder else {
      throw ConfigurationError(field: "sketch", value: "missing", expected: "the sizes of a sketch encoder")
    }
    return try part(.sketchEncoder) { try ColorizationNetwork.sketchEncoder($0, sizes) }
  }
  /// What only the mask modes need; nil if the checkpoint is vanilla only.
  public func split() throws -> ColorizationNetwork.SplitParts? {
    guard hasSplit else { return nil }
    return try part(.split) { try ColorizationNetwork.split($0, configuration) }
  }

  /// All parts as one network.
  public func network() throws -> ColorizationNetwork {
    ColorizationNetwork(
      configuration: configuration, unet: try unet(), vaeEncoder: try vaeEncoder(), vaeDecoder: try vaeDecoder(),
      imageEncoder: try imageEncoder(),
      sketchEncoder: configuration.sketchEncoder == nil ? nil : try sketchEncoder(), split: try split())
  }

  /// Loads parts ahead of their use.
  ///
  /// - Parameter progress: called after each part with the share of the parts that are loaded. Throwing ends it.
  public func load(_ parts: [Part], progress: LoadProgress = { _ in }) throws {
    for (index, part) in parts.enumerated() {
      switch part {
      case .imageEncoder: _ = try imageEncoder()
      case .textEncoder: if textConfiguration != nil { _ = try textEncoder() }
      case .split: _ = try split()
      case .sketchEncoder: if configuration.sketchEncoder != nil { _ = try sketchEncoder() }
      case .unet: _ = try unet()
      case .vaeEncoder: _ = try vaeEncoder()
      case .vaeDecoder: _ = try vaeDecoder()
      }
      try progress(Double(index + 1) / Double(parts.count))
    }
  }

  /// Lets all parts go but those. What is asked for later is read again.
  public func keep(only parts: Set<Part>) {
    guard makeParameters != nil else { return }
    let changed = loaded.mutate { loaded in
      let before = loaded.count
      loaded = loaded.filter { parts.contains($0.key) }
      return loaded.count < before
    }
    if changed { releasePages() }
  }

  /// Lets one part go, if it can be loaded again.
  public func release(_ part: Part) {
    keep(only: Set(loaded.value.keys).subtracting([part]))
  }

  /// Makes sure that the files are still as long as they were.
  ///
  /// - Throws: ``WeightError/shortened(file:expected:found:)``.
  public func checkFiles() throws(WeightError) {
    for file in files { try file.checkLength() }
  }

  /// Gives the pages of the files back to the system, which reads them again when they are next used.
  public func releasePages() {
    guard !files.isEmpty else { return }
    for file in files { file.releasePages() }
    // Kernels of some megabytes lie in the heap, which keeps what is freed.
    ck_release_heap()
  }

  private func part<P: Sendable>(_ part: Part, _ make: (Parameters) throws -> P) throws -> P {
    if let known = loaded.value[part] as? P { return known }
    guard let makeParameters else { preconditionFailure("\(part) was not given") }
    try checkFiles()
    let made = try make(makeParameters(LoadingMeter(total: 0, files: files) { _ in }))
    loaded.mutate { $0[part] = made }
    // What was repacked is not needed in the file's order.
    releasePages()
    return made
  }
}
