// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Drives a pipeline on a backend that only counts: with the shapes of a request and without its content.
final class MeteringDriver: PipelineDriver {
  /// What a stage takes.
  struct Cost {
    /// The most that is resident, with what was before it.
    let peakBytes: Int
    /// What it needs besides what was before it.
    let demand: MemoryDemand
  }

  /// Those of the stages that were carried out.
  private(set) var costs: [ColorizeEvent.Stage: Cost] = [:]

  private let pipeline: Pipeline
  private let account: MemoryAccount
  private var request: ColorizeRequest { pipeline.request }

  init(_ pipeline: Pipeline, account: MemoryAccount) {
    self.pipeline = pipeline
    self.account = account
  }

  private func blank(_ shape: Shape) throws -> Tensor {
    try Tensor(uninitialized: shape, on: pipeline.network.backend)
  }

  func perform<R>(_ stage: ColorizeEvent.Stage, _ body: () throws -> R) throws -> R {
    account.resetPeak()
    let before = account.peakByteCount
    if pipeline.memory == .low {
      try pipeline.network.parts.load(stage.parts(for: request))
      account.releaseMappedPages()
    }
    let result = try body()
    let demand = MemoryDemand(
      peakBytes: account.peakByteCount - before, largestBufferBytes: account.largestByteCount)
    let hostBytes = stage.hostBytes(for: request, in: pipeline.frame)
    costs[stage] = Cost(peakBytes: account.peakByteCount + hostBytes, demand: demand)
    account.releaseMappedPages()
    return result
  }

  func pixels(of image: Image) throws -> Tensor { try blank([1, image.height, image.width, 3]) }

  func pixels(of image: Image, at size: ImageSize) throws -> Tensor { try blank([1, size.height, size.width, 3]) }

  func plane(of mask: Mask, for image: Image) throws -> Tensor { try blank([1, image.height, image.width, 1]) }

  func encoded(_ reference: Reference) throws -> EncodedReference {
    EncodedReference(
      tokens: try blank(reference.tokens.shape), classToken: try reference.classToken.map { try blank($0.shape) },
      background: try reference.background.map { try blank($0.shape) })
  }

  func sketchMask() throws -> Tensor? { try lines() }

  func lines() throws -> Tensor {
    try blank([1, pipeline.frame.padded.height, pipeline.frame.padded.width, 1])
  }

  /// One step, with a preview where there are any.
  func sample(_ denoiser: GuidedDenoiser, shape: Shape) throws -> Tensor {
    let latent = try blank(shape)
    let predicted = try denoiser.prediction(latent, timestep: 500)
    if request.previewInterval != nil { _ = try pipeline.decode(predicted, picture: 0) }
    if request.hintsActOnNetwork {
      let painting = try pipeline.decode(predicted, picture: 0)
      let before = try pipeline.network.meanLatent(of: painting, tiling: request.vaeTiling)
      _ = try pipeline.network.meanLatent(of: painting, tiling: request.vaeTiling) - before
    }
    return latent
  }

  /// One takes as much as each.
  var decodedPictures: Range<Int> { 0..<1 }
  func tileIsDecoded(_ completed: Int, of total: Int) {}
  func take(_ decoded: Tensor, as index: Int) throws {}
  func finish() throws {}
}
