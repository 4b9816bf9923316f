// SPDX-License-Identifier: Apache-2.0

/// The U-Net with its conditions and guidance.
///
/// The rows of a step are its branches' pictures, branch after branch: those that see the reference come first, since the
/// rest skip cross-attention. They run in one pass or several, see ``UNetBatching``.
public struct GuidedDenoiser: Denoiser {
  public let schedule: NoiseSchedule
  public let predictionType: PredictionType
  let unet: UNet
  let guidance: Guidance
  let control: AttentionControl
  let added: Tensor?
  /// Whether there is a reference at all.
  let hasReference: Bool
  /// The passes of a step in which the reference acts: branches [conditional, sketch-free, reference-free], as far as
  /// they run.
  private let passes: [Pass]
  /// Those of a step in which no branch has a reference.
  private let passesWithoutReference: [Pass]
  /// A step differs from the one before in its latent and its timestep only, so that it can be replayed.
  private let replay = Replay()

  /// One call of the U-Net.
  private struct Pass {
    let rows: UNetBatching.Pass
    let context: PreparedContext
    let hints: [Tensor]
  }

  /// Prepares everything that stays the same from step to step.
  ///
  /// - Parameters:
  ///   - context: the reference; nil for none.
  ///   - hints: the sketch encoder's, of one sketch (`[1, ...]`) or of each (`[batch, ...]`).
  ///   - emptyHints: those of an empty drawing, needed if `guidance.sketch > 1`.
  ///   - batch: how many pictures.
  ///   - batching: how many rows run together.
  ///   - added: what is embedded besides the timestep, `[1, ...]`, the same for all branches and pictures; needed if the
  ///     network embeds something.
  public init(
    unet: UNet, schedule: NoiseSchedule, predictionType: PredictionType, context: ReferenceContext?, hints: [Tensor],
    emptyHints: [Tensor]?, guidance: Guidance, control: AttentionControl, batch: Int,
    batching: UNetBatching = .automatic, added: Tensor? = nil
  ) throws {
    self.unet = unet
    self.schedule = schedule
    self.predictionType = predictionType
    var guidance = guidance
    if emptyHints == nil { guidance.sketch = 1 }
    self.guidance = guidance
    self.control = control
    self.added = added
    hasReference = context != nil

    let positions = hints.first.map { $0.shape[1] * $0.shape[2] } ?? 1
    /// Hints of each branch, a row for each picture.
    func rows(_ hints: [Tensor]) -> [Tensor] {
      hints.map { $0.shape[0] == batch ? $0 : $0.broadcast(to: $0.shape.replacing(axis: 0, with: batch)) }
    }
    var branches = [rows(hints)]
    if guidance.sketch > 1, let emptyHints { branches.append(rows(emptyHints)) }
    let seeing = branches.count

    func joined(_ plan: UNetBatching.Pass, _ branches: [[Tensor]]) throws -> [Tensor] {
      try hints.indices.map { level in
        try Tensor.concatenate(
          plan.branches.map { branches[$0][level].sliced(axis: 0, plan.pictures) }, axis: 0)
      }
    }
    passesWithoutReference =
      try batching.passes(branches: seeing, pictures: batch, positions: positions).map {
        Pass(rows: $0, context: .none, hints: try joined($0, branches))
      }
    guard let context else {
      passes = passesWithoutReference
      return
    }
    if guidance.reference > 1 { branches.append(branches[0]) }
    let plans = batching.passes(branches: branches.count, pictures: batch, positions: positions)
    // Branches that run apart share keys and values.
    let prepared = try unet.prepare(context, repeats: plans.count == 1 ? seeing : 1)
    passes = try plans.map { plan in
      let sees = plan.branches.lowerBound < seeing
      return Pass(
        rows: plan, context: !sees ? .none : plans.count == 1 ? prepared : prepared.sliced(plan.pictures),
        hints: try joined(plan, branches))
    }
  }

  public func prediction(_ x: Tensor, timestep: Double) throws -> Tensor {
    let seesReference = hasReference && guidance.usesReference(at: timestep, of: schedule.count)
    let embedding = try unet.timestepEmbedding(Float(timestep), on: x.backend)
    return try replay.run([x, embedding], as: seesReference) {
      try prediction($0[0], embedding: $0[1], seesReference: seesReference)
    }
  }

  private func prediction(_ x: Tensor, embedding: Tensor, seesReference: Bool) throws -> Tensor {
    let batch = x.shape[0]
    let hasReferenceFree = seesReference && guidance.reference > 1
    let branches = 1 + (guidance.sketch > 1 ? 1 : 0) + (hasReferenceFree ? 1 : 0)
    let parts = try (seesReference ? passes : passesWithoutReference).enumerated().map { index, pass in
      // At large sizes a pass takes a minute.
      if index > 0 { try Task.checkCancellation() }
      let pictures = x.sliced(axis: 0, pass.rows.pictures)
      let rows = try Tensor.concatenate([Tensor](repeating: pictures, count: pass.rows.branches.count), axis: 0)
      return try unet(
        rows, embedding: embedding, context: pass.context, hints: pass.hints, control: control, added: added)
    }
    let predicted = try Tensor.concatenate(parts, axis: 0)
    func branch(_ index: Int) -> Tensor { predicted.sliced(axis: 0, index * batch..<(index + 1) * batch) }
    func guided(from unconditional: Tensor, by scale: Double) throws -> Tensor {
      try branch(0) * Float(scale) + unconditional * Float(1 - scale)
    }
    var results: [Tensor] = []
    if guidance.sketch > 1 { results.append(try guided(from: branch(1), by: guidance.sketch)) }
    if guidance.reference > 1 {
      // Without a reference both of its branches are the same, and so is what guidance makes of them.
      results.append(
        hasReferenceFree ? try guided(from: branch(branches - 1), by: guidance.reference) : branch(0))
    }
    switch results.count {
    case 0: return branch(0)
    case 1: return results[0]
    default: return try (results[0] + results[1]) * 0.5
    }
  }
}
