import DiffusionCore

/// One request being carried out.
struct ColorizeRun {
  let request: ColorizeRequest
  let colorizer: Colorizer
  let owner: any AnyObject & Sendable
  private var configuration: ModelConfiguration { colorizer.conditioning.configuration }
  private var backend: any Backend { colorizer.backend }

  init(request: ColorizeRequest, colorizer: Colorizer, owner: any AnyObject & Sendable) throws {
    try colorizer.model.validate(request)
    if case .encoded(let reference) = request.reference, reference.owner !== owner {
      throw ColorizeError.foreignReference
    }
    self.request = request
    self.colorizer = colorizer
    self.owner = owner
  }

  func perform(observer: @Sendable (ColorizeEvent) -> Void) throws -> ColorizeResult {
    let conditioning = colorizer.conditioning
    var timings: [String: Double] = [:]
    let estimate =
      request.checksMemory
      ? try colorizer.model.checkMemory(
        for: request, backend: backend, memory: colorizer.memory, isLoaded: colorizer.isLoaded.value) : nil
    try loadReleased()
    defer { if colorizer.memory == .low { conditioning.parts.keep(only: []) } }
    func stage<R>(_ stage: ColorizeEvent.Stage, _ body: () throws -> R) throws -> R {
      try Task.checkCancellation()
      observer(.stage(stage))
      if colorizer.memory == .low {
        conditioning.parts.keep(only: Set(stage.parts(previews: request.previewInterval != nil)))
      }
      // So that a device need not be asked for memory while the stage runs. All stages were found to fit; where that
      // has changed meanwhile, whatever finds no room says so.
      if let demand = estimate?.stageDemands[stage] { try? backend.prepareMemory(for: demand) }
      let clock = ContinuousClock()
      let start = clock.now
      let result = try body()
      timings[stage.rawValue] = (clock.now - start) / .seconds(1)
      // A stage does not use the weights of the one before, which may stand in mapped pages and in spare memory.
      backend.releaseCachedMemory()
      conditioning.parts.releasePages()
      return result
    }

    let frame = WorkingFrame(
      sketch: request.sketch, size: request.size, modelSize: configuration.imageSize,
      multiple: configuration.sizeMultiple)
    let drawing = try request.settings.withoutGuides(request.sketch)
    let sketch = try frame.prepared(drawing, request.preparation, polarity: request.polarity)
    let polarity = sketch.report.polarity
    let notes = request.notes(on: sketch.report, model: colorizer.model)
    for note in notes { observer(.note(note)) }
    let seeds = (0..<request.count).map { request.seed &+ UInt64($0) }

    let context = try stage(.encodingReference) { try makeContext(frame) }
    let (hints, emptyHints) = try stage(.encodingSketch) {
      let lines = try frame.lines(of: sketch, on: backend)
      let hints = try conditioning.hints(lines: lines, strength: request.sketchStrength)
      guard request.guidance.sketch > 1 else { return (hints, [Tensor]?.none) }
      let empty = try Tensor(repeating: -1, shape: lines.shape, on: backend)
      return (hints, try conditioning.hints(lines: empty, strength: request.sketchStrength))
    }
    let latent = try stage(.sampling) {
      let denoiser = try GuidedDenoiser(
        unet: conditioning.parts.unet(), schedule: NoiseSchedule(configuration.schedule),
        predictionType: configuration.prediction,
        context: context, hints: hints, emptyHints: emptyHints, guidance: request.guidance, control: control(),
        batch: request.count, batching: request.settings.batching(in: colorizer.memory))
      var source: any NoiseSource = try PictureNoise(generator: request.noise, seeds: seeds)
      let factor = configuration.latentFactor
      let shape = [
        request.count, configuration.vae.latentChannels, frame.padded.height / factor, frame.padded.width / factor,
      ]
      let noise = try Tensor(source.normals(shape: shape), shape: Shape(shape), on: backend)
        .transposed(0, 2, 3, 1).contiguous()
      let latent = try request.sampler.sample(
        CancellableDenoiser(base: denoiser), noise: noise, steps: request.steps, schedule: request.schedule,
        source: &source
      ) { step in
        try observe(step, frame: frame, observer: observer)
      }
      // A sampler's last act may come after its last report.
      guard try latent.floats().allSatisfy(\.isFinite) else {
        throw ColorizeError.nonFinite(step: request.steps, of: request.steps)
      }
      return latent
    }
    var summary = ColorizeResult.Summary(
      model: colorizer.model.name, prediction: configuration.prediction, backend: backend.name,
      settings: request.settings, polarity: polarity, sketch: sketch.report, notes: notes,
      schedule: request.sampler.resolvedSchedule(request.schedule),
      width: frame.scaled.width, height: frame.scaled.height, seeds: seeds, vaeTile: vaeTile(frame), seconds: timings)
    let needsFinish = request.settings.needsRegions
    let framedDrawing = request.frame == .sketch ? drawing : try drawing.resized(frame.scaled)
    var pictures: [ColorizeResult.Picture] = []
    func deliver(_ picture: ColorizeResult.Picture) {
      observer(.picture(index: pictures.count, picture: picture, summary: summary))
      pictures.append(picture)
    }
    let paintings = try stage(.decoding) {
      try (0..<request.count).map { index in
        try Task.checkCancellation()
        let decoded = try conditioning.decode(
          latent.sliced(axis: 0, index..<index + 1), tiling: request.vaeTiling
        ) { completed, total in
          observer(.tile(completed: index * total + completed, total: request.count * total))
          try Task.checkCancellation()
        }
        // Flats look at what was painted, before it is made larger.
        let painting = try frame.image(from: decoded, frame: needsFinish ? .working : request.frame)
        if !needsFinish {
          deliver(ColorizeResult.Picture(image: painting, painting: painting, flats: nil, drawing: framedDrawing))
        }
        return painting
      }
    }
    if needsFinish {
      try stage(.finishing) {
        let finisher = try Finisher(
          request.settings, sketch: request.frame == .sketch ? request.sketch : request.sketch.resized(frame.scaled),
          drawing: framedDrawing, polarity: polarity,
          palette: request.settings.needsFlats ? request.flatColors() : nil, workingSize: frame.scaled)
        for painting in paintings { deliver(try finisher.finish(painting)) }
      }
    }
    summary.seconds = timings
    return ColorizeResult(pictures: pictures, summary: summary)
  }

  /// Reads the network again where its weights were let go.
  private func loadReleased() throws {
    guard colorizer.memory == .normal, !colorizer.isLoaded.value else { return }
    try colorizer.conditioning.parts.load(ColorizeEvent.Stage.allParts) { _ in try Task.checkCancellation() }
    colorizer.isLoaded.mutate { $0 = true }
  }

  private func makeContext(_ frame: WorkingFrame) throws -> ReferenceContext? {
    let conditioning = colorizer.conditioning
    let tokens: Tensor
    var background: Tensor?
    // What the mode does not use is not computed.
    let picture = request.mode.needsBackground ? request.background : nil
    switch request.reference {
    case .none: return nil
    case .encoded(let reference):
      tokens = reference.tokens
      background =
        try picture.map { try conditioning.encodeBackground($0, threshold: request.referenceThreshold) }
        ?? reference.background
    case .image(let image):
      (tokens, background) = try conditioning.encode(
        image, mask: request.mode.needsBackground ? request.referenceMask : nil, background: picture,
        threshold: request.referenceThreshold)
    }
    let mask =
      try request.mode.needsSketchMask
      ? request.sketchMask.map {
        try frame.latentMask(of: $0, factor: configuration.latentFactor, on: backend)
      } : nil
    return try conditioning.context(
      mode: request.mode, layout: request.contextLayout, tokens: tokens, background: background, mask: mask,
      sketchThreshold: request.sketchThreshold, batch: request.count)
  }

  /// The tiles that pictures are decoded in, in pixels a side, if they are.
  private func vaeTile(_ frame: WorkingFrame) -> Int? {
    let factor = configuration.latentFactor
    let grid = request.vaeTiling.grid(
      latentHeight: frame.padded.height / factor, latentWidth: frame.padded.width / factor, factor: factor)
    guard grid != nil else { return nil }
    if case .pixels(let side) = request.vaeTiling { return side }
    return VAETiling.defaultTile
  }

  private func control() throws -> AttentionControl {
    AttentionControl(
      referenceScales: try request.referenceStrength.scales(for: configuration.unet),
      foregroundScale: request.foregroundStrength, backgroundScale: request.backgroundStrength, merge: request.merge)
  }

  private func observe(
    _ step: SamplingStep, frame: WorkingFrame, observer: @Sendable (ColorizeEvent) -> Void
  ) throws {
    // Nothing unverified goes on: a latent is small, so each one is looked at.
    guard try step.denoised.floats().allSatisfy(\.isFinite) else {
      throw ColorizeError.nonFinite(step: step.completed, of: step.total)
    }
    observer(.step(completed: step.completed, total: step.total))
    if let interval = request.previewInterval, step.completed % interval == 0, step.completed < step.total {
      try Task.checkCancellation()
      let decoded = try colorizer.conditioning.decode(
        step.denoised.sliced(axis: 0, 0..<1), tiling: request.vaeTiling
      ) { _, _ in try Task.checkCancellation() }
      observer(.preview(completed: step.completed, image: try frame.image(from: decoded, frame: request.frame)))
    }
    try Task.checkCancellation()
  }
}

/// Checks for cancellation before every evaluation of the network.
struct CancellableDenoiser<Base: Denoiser>: Denoiser {
  let base: Base
  var schedule: NoiseSchedule { base.schedule }
  var predictionType: PredictionType { base.predictionType }

  func prediction(_ x: Tensor, timestep: Double) throws -> Tensor {
    try Task.checkCancellation()
    return try base.prediction(x, timestep: timestep)
  }
}
