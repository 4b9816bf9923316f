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
    let context = try stage(.encodingReference, driver) { try makeContext(driver) }
    let (hints, emptyHints) = try stage(.encodingSketch, driver) { try makeHints(driver) }
    let latent = try stage(.sampling, driver) {
      try driver.sample(makeDenoiser(context: context, hints: hints, emptyHints: emptyHints), shape: latentShape)
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
    let picture = needsBackground ? request.background : nil
    var references: [EncodedReference] = []
    switch request.reference {
    case .none: break
    case .encoded(let reference):
      var encoded = try driver.encoded(reference)
      if let picture {
        encoded.background = try network.givenBackground(
          driver.pixels(of: picture), threshold: request.referenceThreshold)
      }
      references.append(encoded)
    case .image(let image):
      references.append(
        try network.encode(
          image, mask: needsBackground ? request.referenceMask : nil, background: picture,
          threshold: request.referenceThreshold, from: driver))
    }
    guard !references.isEmpty else { return nil }
    references = try references.map { try $0.manipulated(texts) }
    let mask =
      request.mode.needsSketchMask
      ? try driver.sketchMask()?.resizedBicubic(factor: network.configuration.latentFactor) : nil
    return try network.context(
      mode: request.mode, layout: request.contextLayout, references: references, mask: mask,
      sketchThreshold: request.sketchThreshold, batch: request.count)
  }

  private func makeHints(_ driver: some PipelineDriver) throws -> ([Tensor], [Tensor]?) {
    let lines = try driver.lines()
    let hints = try network.hints(lines: lines, strength: request.sketchStrength)
    guard request.guidance.sketch > 1 else { return (hints, nil) }
    let empty = try Tensor(repeating: -1, shape: lines.shape, on: network.backend)
    return (hints, try network.hints(lines: empty, strength: request.sketchStrength))
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
    context: ReferenceContext?, hints: [Tensor], emptyHints: [Tensor]?
  ) throws -> GuidedDenoiser {
    let configuration = network.configuration
    let control = AttentionControl(
      referenceScales: try request.referenceStrength.scales(for: configuration.unet),
      foregroundScale: request.foregroundStrength, backgroundScale: request.backgroundStrength, merge: request.merge)
    return try GuidedDenoiser(
      unet: network.parts.unet(), schedule: NoiseSchedule(configuration.schedule),
      predictionType: configuration.prediction, context: context, hints: hints, emptyHints: emptyHints,
      guidance: request.guidance, control: control, batch: request.count,
      batching: request.settings.batching(in: memory))
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
