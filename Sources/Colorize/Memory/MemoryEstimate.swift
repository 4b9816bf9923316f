import DiffusionCore

/// How much memory a request will take, found out without computing it: its stages run on a backend that only counts.
///
/// Bytes are those that are resident: buffers, blocks kept for reuse, and the pages of the model's file in use.
public struct MemoryEstimate: Sendable, Hashable {
  /// While the model is loaded.
  public internal(set) var loadingBytes = 0
  /// The most in each stage, with the weights that are loaded meanwhile.
  public internal(set) var stageBytes: [ColorizeEvent.Stage: Int] = [:]
  /// What each stage needs besides what there is when it begins.
  var stageDemands: [ColorizeEvent.Stage: MemoryDemand] = [:]
  /// What is loaded when a run begins.
  public internal(set) var weightBytes = 0
  /// The largest buffer.
  public internal(set) var largestBufferBytes = 0

  /// What the program itself takes: code, libraries, and the buffers of OpenBLAS.
  package static let programBytes = 48 << 20

  /// The most in the whole job, from loading to the last picture.
  public var peakBytes: Int { max(loadingBytes, stageBytes.values.max() ?? 0) }

  /// What the job needs besides what there is.
  ///
  /// - Parameter isLoaded: whether the model is loaded, or will be for this job.
  public func demand(isLoaded: Bool) -> MemoryDemand {
    let peak = isLoaded ? max(0, (stageBytes.values.max() ?? 0) - weightBytes - Self.programBytes) : peakBytes
    return MemoryDemand(peakBytes: peak, largestBufferBytes: largestBufferBytes)
  }

  /// Counts a request's memory.
  ///
  /// - Parameters:
  ///   - memory: how the colorizer keeps its network.
  ///   - meter: that of the backend that will run it.
  /// - Throws: ``ColorizeError`` if the request cannot be carried out at all.
  init(_ request: ColorizeRequest, model: Model, memory: MemoryUse, meter: MemoryMeter) throws {
    let configuration = model.configuration
    let account = meter.account
    let parts = NetworkParts(
      MeteredParameters(model: model, meter: meter), configuration: configuration,
      hasSplit: NetworkParts.hasSplit(model.weights, configuration: configuration))
    if memory == .normal {
      try parts.load(ColorizeEvent.Stage.allParts)
      account.releaseMappedPages()
    }
    loadingBytes = account.peakByteCount + Self.programBytes
    weightBytes = account.liveByteCount
    let stages = MeteredStages(
      request, conditioning: Conditioning(parts: parts, backend: meter.backend), memory: memory, account: account)
    let costs = try stages.run()
    stageBytes = costs.mapValues { $0.peakBytes + Self.programBytes }
    stageDemands = costs.mapValues(\.demand)
    largestBufferBytes = account.largestByteCount
  }
}

/// Weights that take memory as those of a checkpoint do, and have no content.
private struct MeteredParameters: ParameterSource {
  let model: Model
  let meter: MemoryMeter

  func parameter(_ key: String, shape: Shape) throws -> Tensor {
    let dtype = model.weights[key]?.entry.dtype.dtype ?? .f32
    // Whoever loads a model gives the pages back that it has read, now and then.
    if meter.account.mappedByteCount > 64 << 20 { meter.account.releaseMappedPages() }
    let stored = try meter.mappedTensor(shape, dtype: dtype)
    guard case .converted(let target) = model.storage else { return stored }
    return try stored.cast(to: target)
  }

  func contains(_ key: String) -> Bool { true }
}

/// The stages of a run, with the shapes of a request and without its content.
private struct MeteredStages {
  let request: ColorizeRequest
  let conditioning: Conditioning
  let memory: MemoryUse
  let frame: WorkingFrame
  let account: MemoryAccount

  init(_ request: ColorizeRequest, conditioning: Conditioning, memory: MemoryUse, account: MemoryAccount) {
    self.request = request
    self.conditioning = conditioning
    self.memory = memory
    self.account = account
    let configuration = conditioning.configuration
    frame = WorkingFrame(
      sketch: request.sketch, size: request.size, modelSize: configuration.imageSize,
      multiple: configuration.sizeMultiple)
  }

  private func blank(_ shape: Shape) throws -> Tensor { try Tensor(uninitialized: shape, on: conditioning.backend) }

  /// What a stage takes.
  struct Cost {
    /// The most that is resident, with what was before it.
    let peakBytes: Int
    /// What it needs besides what was before it.
    let demand: MemoryDemand
  }

  /// Runs all stages.
  func run() throws -> [ColorizeEvent.Stage: Cost] {
    var costs: [ColorizeEvent.Stage: Cost] = [:]
    func stage<R>(_ stage: ColorizeEvent.Stage, hostBytes: Int, _ body: () throws -> R) throws -> R {
      let needed = stage.parts(previews: request.previewInterval != nil)
      if memory == .low { conditioning.parts.keep(only: Set(needed)) }
      account.resetPeak()
      let before = account.peakByteCount
      if memory == .low {
        try conditioning.parts.load(needed)
        account.releaseMappedPages()
      }
      let result = try body()
      let demand = MemoryDemand(
        peakBytes: account.peakByteCount - before, largestBufferBytes: account.largestByteCount)
      costs[stage] = Cost(peakBytes: account.peakByteCount + hostBytes, demand: demand)
      account.releaseMappedPages()
      conditioning.backend.releaseCachedMemory()
      return result
    }
    let (width, height) = (frame.padded.width, frame.padded.height)
    let factor = conditioning.configuration.latentFactor
    let latentShape: Shape = [
      request.count, height / factor, width / factor, conditioning.configuration.vae.latentChannels,
    ]
    // A picture on its way is 8-bit samples, floats, and what resizing makes of them.
    let sketchBytes = 12 * request.sketch.width * request.sketch.height
    let context = try stage(.encodingReference, hostBytes: referenceBytes) { try self.context() }
    let (hints, emptyHints) = try stage(.encodingSketch, hostBytes: sketchBytes + 8 * width * height) {
      func hints() throws -> [Tensor] {
        try conditioning.hints(lines: blank([1, height, width, 1]), strength: request.sketchStrength)
      }
      return (try hints(), request.guidance.sketch > 1 ? try hints() : nil)
    }
    let pictureBytes = 30 * width * height
    let preview = request.previewInterval == nil ? 0 : pictureBytes
    let latent = try stage(.sampling, hostBytes: preview) {
      var guidance = request.guidance
      guidance.interval = 0...1
      guidance.excluded = nil
      let configuration = conditioning.configuration
      let denoiser = try GuidedDenoiser(
        unet: conditioning.parts.unet(), schedule: NoiseSchedule(configuration.schedule),
        predictionType: configuration.prediction, context: context, hints: hints, emptyHints: emptyHints,
        guidance: guidance,
        control: AttentionControl(referenceScales: try request.referenceStrength.scales(for: configuration.unet)),
        batch: request.count, batching: request.settings.batching(in: memory))
      let x = try blank(latentShape)
      let predicted = try denoiser.prediction(x, timestep: 500)
      if request.previewInterval != nil { try decode(predicted.sliced(axis: 0, 0..<1)) }
      return x
    }
    let results = 3 * request.count * request.sketch.width * request.sketch.height
    _ = try stage(.decoding, hostBytes: pictureBytes + results) {
      try decode(latent.sliced(axis: 0, 0..<1))
    }
    if request.settings.needsRegions {
      _ = try stage(.finishing, hostBytes: results + finishBytes) {}
    }
    return costs
  }

  /// What finding regions and finishing the pictures takes on the host.
  private var finishBytes: Int {
    let pixels =
      request.frame == .sketch ? request.sketch.width * request.sketch.height : frame.scaled.width * frame.scaled.height
    return Finisher.bytesPerPixel * pixels + 6 * request.count * pixels
  }

  private func decode(_ latent: Tensor) throws {
    _ = try conditioning.decode(latent, tiling: request.vaeTiling)
  }

  /// What the picture of the reference takes on the host.
  private var referenceBytes: Int {
    guard case .image(let image) = request.reference else { return 0 }
    return 12 * image.width * image.height
  }

  private func context() throws -> ReferenceContext? {
    let configuration = conditioning.configuration
    let tokens: Tensor
    var background: Tensor?
    func cost(of image: Image) throws -> Tensor {
      try conditioning.tokens(blank([1, image.height, image.width, 3]))
    }
    let shape: Shape = [1, configuration.imageEncoder.tokenCount, configuration.unet.contextWidth]
    switch request.reference {
    case .none: return nil
    case .encoded:
      tokens = try blank(shape)
      background = tokens
    case .image(let image):
      tokens = try cost(of: image)
      if request.mode.needsBackground, request.background == nil {
        background = try conditioning.recoveredBackground(
          of: blank([1, image.height, image.width, 3]), mask: blank([1, image.height, image.width, 1]), threshold: 0.5)
      }
    }
    if request.mode.needsBackground, let picture = request.background { background = try cost(of: picture) }
    let factor = configuration.latentFactor
    return try conditioning.context(
      mode: request.mode, layout: request.contextLayout, tokens: tokens, background: background,
      mask: request.mode.needsSketchMask
        ? blank([1, frame.padded.height / factor, frame.padded.width / factor, 1]) : nil,
      sketchThreshold: request.sketchThreshold, batch: request.count)
  }
}
