// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Drives a pipeline with a request's pictures: tells its stages, times them, and makes pictures of what comes out.
final class RunDriver: PipelineDriver {
  private let pipeline: Pipeline
  private let demands: [ColorizeEvent.Stage: MemoryDemand]
  private let observer: @Sendable (ColorizeEvent) -> Void
  private let source: HostPixels
  /// The drawing without guide strokes, and as the network sees it.
  private let drawing: Image
  private let sketch: PreparedSketch
  /// The drawing in the result's frame.
  private let framedDrawing: Image
  private var summary: ColorizeResult.Summary
  /// What the network painted, where it is finished later.
  private var paintings: [Image] = []
  private var pictures: [ColorizeResult.Picture] = []

  private var request: ColorizeRequest { pipeline.request }
  private var frame: WorkingFrame { pipeline.frame }
  private var backend: any Backend { pipeline.network.backend }

  /// Prepares the sketch, and tells what is to be noted of it.
  ///
  /// - Parameter demands: the memory that stages need, as far as it is known.
  init(
    _ pipeline: Pipeline, model: Model, demands: [ColorizeEvent.Stage: MemoryDemand],
    observer: @escaping @Sendable (ColorizeEvent) -> Void
  ) throws {
    let request = pipeline.request
    let frame = pipeline.frame
    self.pipeline = pipeline
    self.demands = demands
    self.observer = observer
    source = HostPixels(backend: pipeline.network.backend)
    drawing = try request.settings.withoutGuides(request.sketch)
    sketch = try frame.prepared(drawing, for: request)
    framedDrawing = try request.drawing(drawing, sketch, in: frame)
    let notes = request.notes(on: sketch.report, model: model)
    for note in notes { observer(.note(note)) }
    summary = ColorizeResult.Summary(
      model: model.name, prediction: model.configuration.prediction, backend: pipeline.network.backend.name,
      settings: request.settings, polarity: sketch.report.polarity, sketch: sketch.report, notes: notes,
      idleOptions: request.idleOptions(for: model), schedule: request.sampler.resolvedSchedule(request.schedule),
      width: frame.scaled.width, height: frame.scaled.height,
      seeds: (0..<request.count).map { request.seed &+ UInt64($0) }, vaeTile: pipeline.vaeTile, seconds: [:])
  }

  /// What came out.
  var result: ColorizeResult { ColorizeResult(pictures: pictures, summary: summary) }

  func perform<R>(_ stage: ColorizeEvent.Stage, _ body: () throws -> R) throws -> R {
    observer(.stage(stage))
    // So that a device need not be asked for memory while the stage runs. All stages were found to fit; where that
    // has changed meanwhile, whatever finds no room says so.
    if let demand = demands[stage] { try? backend.prepareMemory(for: demand) }
    let clock = ContinuousClock()
    let start = clock.now
    let result = try body()
    summary.seconds[stage.rawValue] = (clock.now - start) / .seconds(1)
    return result
  }

  // MARK: What goes in

  func pixels(of image: Image) throws -> Tensor { try source.pixels(of: image) }
  func pixels(of image: Image, at size: ImageSize) throws -> Tensor { try source.pixels(of: image, at: size) }
  func plane(of mask: Mask, for image: Image) throws -> Tensor { try source.plane(of: mask, for: image) }

  func encoded(_ reference: Reference) -> EncodedReference {
    EncodedReference(tokens: reference.tokens, classToken: reference.classToken, background: reference.background)
  }

  func sketchMask() throws -> Tensor? { try request.sketchMask.map { try frame.plane(of: $0, on: backend) } }
  func lines() throws -> Tensor { try frame.lines(of: sketch, on: backend) }

  // MARK: Sampling

  func sample(_ denoiser: GuidedDenoiser, shape: Shape) throws -> Tensor {
    var source: any NoiseSource = try PictureNoise(generator: request.noise, seeds: summary.seeds)
    let planes = [shape[0], shape[3], shape[1], shape[2]]
    let noise = try Tensor(source.normals(shape: planes), shape: Shape(planes), on: backend)
      .transposed(0, 2, 3, 1).contiguous()
    let latent = try sample(
      hinted(CancellableDenoiser(base: denoiser)), noise: noise, source: &source)
    // A sampler's last act may come after its last report.
    guard try latent.floats().allSatisfy(\.isFinite) else {
      throw ColorizeError.nonFinite(step: request.steps, of: request.steps)
    }
    return latent
  }

  private func sample(_ denoiser: any Denoiser, noise: Tensor, source: inout any NoiseSource) throws -> Tensor {
    try request.sampler.sample(
      denoiser, noise: noise, steps: request.steps, schedule: request.schedule, source: &source
    ) { try observe($0) }
  }

  /// The denoiser with the colours of hints, where there are any that hit something.
  private func hinted(_ denoiser: some Denoiser) throws -> any Denoiser {
    let found = try request.hintedAreas(
      lineArt: request.lineArt(drawing: framedDrawing, in: frame), polarity: sketch.report.polarity,
      lines: sketch.lines, in: frame)
    guard let areas = found else { return denoiser }
    return HintedDenoiser(
      denoiser, areas: areas, strength: request.resolvedHintStrength, network: pipeline.network,
      tiling: request.vaeTiling)
  }

  private func observe(_ step: SamplingStep) throws {
    // Nothing unverified goes on: a latent is small, so each one is looked at.
    guard try step.denoised.floats().allSatisfy(\.isFinite) else {
      throw ColorizeError.nonFinite(step: step.completed, of: step.total)
    }
    // Steps take minutes, and weights may be used where they lie in their file.
    try pipeline.network.parts.checkFiles()
    observer(.step(completed: step.completed, total: step.total))
    if let interval = request.previewInterval, step.completed % interval == 0, step.completed < step.total {
      try Task.checkCancellation()
      let decoded = try pipeline.decode(step.denoised, picture: 0)
      observer(.preview(completed: step.completed, image: try frame.image(from: decoded, frame: request.frame)))
    }
    try Task.checkCancellation()
  }

  // MARK: What comes out

  var decodedPictures: Range<Int> { 0..<request.count }

  func tileIsDecoded(_ completed: Int, of total: Int) { observer(.tile(completed: completed, total: total)) }

  func take(_ decoded: Tensor, as index: Int) throws {
    // Flats look at what was painted, before it is made larger.
    let isFinished = !request.settings.needsRegions
    let painting = try frame.image(from: decoded, frame: isFinished ? request.frame : .working)
    if isFinished {
      deliver(ColorizeResult.Picture(image: painting, painting: painting, flats: nil, drawing: framedDrawing))
    } else {
      paintings.append(painting)
    }
  }

  func finish() throws {
    let colors = try request.settings.needsFlats ? request.flatColors() : nil
    // Guide strokes bound regions, and are no part of the drawing.
    let finisher = try Finisher(
      request.settings, sketch: request.lineArt(drawing: framedDrawing, in: frame), drawing: framedDrawing,
      polarity: summary.polarity,
      palette: colors?.palette, sides: colors?.sides, source: request.carriedSource,
      hints: request.hints.map { ($0, request.palette) },
      workingSize: frame.scaled)
    summary.alignment = finisher.alignment
    for painting in paintings { deliver(try finisher.finish(painting)) }
  }

  private func deliver(_ picture: ColorizeResult.Picture) {
    observer(.picture(index: pictures.count, picture: picture, summary: summary))
    pictures.append(picture)
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
