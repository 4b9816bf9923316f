// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// The work of a request at the level of tensors: its stages in their order, and what each computes.
///
/// A ``PipelineDriver`` says what the pipeline works on. A run gives pixels, and gets pictures; the memory estimate gives
/// blanks on a backend that only counts. Both take the same way, so that what is estimated is what is done.
struct Pipeline {
  let request: ColorizeRequest
  let network: Conditioning
  let memory: MemoryUse
  /// The frame that the network works in.
  let frame: WorkingFrame

  init(_ request: ColorizeRequest, network: Conditioning, memory: MemoryUse) {
    self.request = request
    self.network = network
    self.memory = memory
    frame = WorkingFrame(request, network.configuration)
  }

  /// Carries the stages out, one after another.
  func run(_ driver: some PipelineDriver) throws {
    let (context, injected) = try stage(.encodingReference, driver) {
      (try makeContext(driver), try makeInjectedPictures(driver))
    }
    let hints = try stage(.encodingSketch, driver) { try makeHints(driver, injected: injected) }
    let latent = try stage(.sampling, driver) {
      try driver.sample(makeDenoiser(context: context, hints: hints, injected: injected), shape: latentShape)
    }
    try stage(.decoding, driver) {
      for index in driver.decodedPictures {
        try Task.checkCancellation()
        let decoded = try decode(latent, picture: index) { completed, total in
          driver.tileIsDecoded(index * total + completed, of: request.count * total)
        }
        try driver.take(decoded, as: index)
      }
    }
    if request.settings.needsRegions { try stage(.finishing, driver) { try driver.finish() } }
  }

  /// Carries one stage out, with what it needs of the network and no more.
  private func stage<R>(
    _ stage: ColorizeEvent.Stage, _ driver: some PipelineDriver, _ body: () throws -> R
  ) throws -> R {
    try Task.checkCancellation()
    // Weights may be used where they lie in their file.
    try network.parts.checkFiles()
    if memory == .low { network.parts.keep(only: Set(stage.parts(for: request))) }
    let result = try driver.perform(stage, body)
    // A stage does not use the weights of the one before, which may stand in mapped pages and in spare memory.
    network.backend.releaseCachedMemory()
    network.parts.releasePages()
    return result
  }

  // MARK: What the U-Net is conditioned on

  private func makeContext(_ driver: some PipelineDriver) throws -> ReferenceContext? {
    // What the mode does not use is not computed.
    let texts = try network.texts.embeddings(for: request.manipulation)
    let needsBackground = request.mode.needsBackground
    let references = request.references
    guard !references.isEmpty else { return nil }
    let areas = ReferenceAreas(references)
    var encoded: [EncodedReference] = []
    for (index, placed) in references.enumerated() {
      if index > 0 { try Task.checkCancellation() }
      // One picture is the background of what no region claims.
      let isShared = areas.members[0].contains(index)
      let picture = needsBackground && index == areas.members[0].first ? request.background : nil
      var made: EncodedReference
      switch placed.reference {
      case .none: continue
      case .encoded(let reference):
        made = try driver.encoded(reference)
        if let picture {
          made.background = try network.givenBackground(
            driver.pixels(of: picture), threshold: request.referenceThreshold)
        }
      case .image(let image):
        made = try network.encode(
          image, mask: needsBackground ? placed.mask : nil, background: picture,
          threshold: request.referenceThreshold, from: driver)
      }
      if references.count > 1, needsBackground {
        if isShared, request.background != nil {
          if picture == nil { made.background = nil }
        } else if made.background == nil {
          // What has no mask is background as a whole.
          made.background = try network.wholeBackground(made.tokens, threshold: request.referenceThreshold)
        }
      }
      encoded.append(try made.manipulated(texts))
    }
    let mask =
      request.mode.needsSketchMask
      ? try driver.sketchMask()?.resizedBicubic(factor: network.configuration.latentFactor) : nil
    return try network.context(
      mode: request.mode, layout: request.contextLayout, areas: areas.members.map { $0.map { encoded[$0] } },
      labels: areas.labels(in: frame, unit: network.configuration.latentFactor), mask: mask,
      sketchThreshold: request.sketchThreshold, batch: request.count)
  }

  /// References that are injected, and what is left of the noise that their latents were drawn with.
  private struct InjectedPictures {
    struct Picture {
      /// In the frame that the network works in.
      let pixels: Tensor
      let latent: Tensor
      let area: Int
    }

    var pictures: [Picture] = []
    var noise: any NoiseSource
  }

  private func makeInjectedPictures(_ driver: some PipelineDriver) throws -> InjectedPictures? {
    let references = request.references
    guard request.injection != nil, !references.isEmpty else { return nil }
    var injected = InjectedPictures(noise: try request.noise.source(seed: AttentionInjection.noiseSeed))
    for (area, members) in ReferenceAreas(references).members.enumerated() {
      for index in members {
        guard let picture = references[index].reference.picture else { continue }
        try Task.checkCancellation()
        let pixels = try driver.pixels(of: picture, at: frame.padded)
        let latent = try network.latent(of: pixels, tiling: request.vaeTiling, noise: &injected.noise)
        injected.pictures.append(InjectedPictures.Picture(pixels: pixels, latent: latent, area: area))
      }
    }
    return injected
  }

  /// The sketch encoder's features.
  private struct Hints {
    let sketch: [Tensor]
    /// Those of an empty drawing, where guidance needs them.
    var empty: [Tensor]?
    /// Those of each injected reference; none are zeros.
    var injected: [[Tensor]] = []
  }

  private func makeHints(_ driver: some PipelineDriver, injected: InjectedPictures?) throws -> Hints {
    let lines = try driver.lines()
    var hints = Hints(sketch: try network.hints(lines: lines, strength: request.sketchStrength))
    if request.guidance.sketch > 1 {
      let empty = try Tensor(repeating: -1, shape: lines.shape, on: network.backend)
      hints.empty = try network.hints(lines: empty, strength: request.sketchStrength)
    }
    if let injected, let injection = request.injection {
      hints.injected = try injected.pictures.map {
        injection.sketch > 0 ? try network.hints(picture: $0.pixels, strength: Float(injection.sketch)) : []
      }
    }
    return hints
  }

  // MARK: Sampling and decoding

  /// The latent of all pictures.
  var latentShape: Shape {
    let factor = network.configuration.latentFactor
    return [
      request.count, frame.padded.height / factor, frame.padded.width / factor,
      network.configuration.vae.latentChannels,
    ]
  }

  private func makeDenoiser(
    context: ReferenceContext?, hints: Hints, injected: InjectedPictures?
  ) throws -> GuidedDenoiser {
    let configuration = network.configuration
    let control = AttentionControl(
      referenceScales: try request.referenceStrength.scales(for: configuration.unet),
      foregroundScale: request.foregroundStrength, backgroundScale: request.backgroundStrength, merge: request.merge)
    let injection = injected.flatMap { injected in
      request.injection.map {
        InjectedReference(
          pictures: zip(injected.pictures, hints.injected).map {
            InjectedReference.Picture(latent: $0.latent, hints: $1, area: $0.area)
          }, start: $0.start, fidelity: Float($0.reference), noise: injected.noise)
      }
    }
    return try GuidedDenoiser(
      unet: network.parts.unet(), schedule: NoiseSchedule(configuration.schedule),
      predictionType: configuration.prediction, context: context, hints: hints.sketch, emptyHints: hints.empty,
      guidance: request.guidance, control: control, batch: request.count,
      batching: request.settings.batching(in: memory), injection: injection)
  }

  /// One picture of a latent, `[1, H, W, 3]` about -1...1.
  ///
  /// - Parameter tile: called after each tile, with how many are done and how many there are.
  func decode(
    _ latent: Tensor, picture index: Int, tile: (Int, Int) -> Void = { _, _ in }
  ) throws -> Tensor {
    try network.decode(latent.sliced(axis: 0, index..<index + 1), tiling: request.vaeTiling) { completed, total in
      tile(completed, total)
      try Task.checkCancellation()
    }
  }

  /// The tiles that pictures are decoded in, in pixels a side, if they are.
  var vaeTile: Int? {
    let factor = network.configuration.latentFactor
    let grid = request.vaeTiling.grid(
      latentHeight: frame.padded.height / factor, latentWidth: frame.padded.width / factor, factor: factor)
    guard grid != nil else { return nil }
    if case .pixels(let side) = request.vaeTiling { return side }
    return VAETiling.defaultTile
  }
}
