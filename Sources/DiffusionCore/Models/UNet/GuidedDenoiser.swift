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
  /// What self-attentions look at besides; nil for nothing.
  let injection: InjectedReference?
  /// The context of each injected picture's pass: that of its area, for one row.
  private let writingContexts: [PreparedContext]
  /// The tokens of each area at each level; empty where there is one.
  private let areas: [TokenRegions]
  /// The passes of a step in which the reference acts: branches [conditional, sketch-free, reference-free], as far as
  /// they run.
  private let passes: [Pass]
  /// Those of a step in which no branch has a reference.
  private let passesWithoutReference: [Pass]
  /// A step differs from the one before in its latent and its timestep only, so that it can be replayed.
  private let replay = Replay()

  /// What a step does besides its numbers.
  private struct Step: Hashable {
    let seesReference: Bool
    let isInjected: Bool
  }

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
  ///   - injection: a picture that self-attentions look at, where the reference acts. All pictures have the same context
  ///     then.
  public init(
    unet: UNet, schedule: NoiseSchedule, predictionType: PredictionType, context: ReferenceContext?, hints: [Tensor],
    emptyHints: [Tensor]?, guidance: Guidance, control: AttentionControl, batch: Int,
    batching: UNetBatching = .automatic, added: Tensor? = nil, injection: InjectedReference? = nil
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
    self.injection = injection

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
      (writingContexts, areas) = ([], [])
      return
    }
    if guidance.reference > 1 { branches.append(branches[0]) }
    let plans = batching.passes(branches: branches.count, pictures: batch, positions: positions)
    // Branches that run apart share keys and values.
    let prepared = try unet.prepare(context, repeats: plans.count == 1 ? seeing : 1)
    writingContexts = try injection?.pictures.map { try prepared.wholly(of: $0.area) } ?? []
    areas = injection == nil ? [] : prepared.areas
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
    let injected = seesReference && (injection?.acts(at: timestep, of: schedule.count) ?? false) ? injection : nil
    let noised = try injected.map { try $0.noised(at: timestep, schedule) } ?? []
    let step = Step(seesReference: seesReference, isInjected: injected != nil)
    return try replay.run([x, embedding] + noised, as: step) { inputs in
      try prediction(
        inputs[0], embedding: inputs[1], seesReference: seesReference,
        injector: injected.map {
          Injector(denoiser: self, reference: $0, noised: Array(inputs[2...]), embedding: inputs[1])
        })
    }
  }

  private func prediction(
    _ x: Tensor, embedding: Tensor, seesReference: Bool, injector: Injector?
  ) throws -> Tensor {
    var injector = injector
    let batch = x.shape[0]
    let hasReferenceFree = seesReference && guidance.reference > 1
    let branches = seeingBranches + (hasReferenceFree ? 1 : 0)
    let parts = try (seesReference ? passes : passesWithoutReference).enumerated().map { index, pass in
      // At large sizes a pass takes a minute.
      if index > 0 { try Task.checkCancellation() }
      let injected = try injector?.rows(of: pass.rows)
      let pictures = x.sliced(axis: 0, pass.rows.pictures)
      let rows = try Tensor.concatenate([Tensor](repeating: pictures, count: pass.rows.branches.count), axis: 0)
      return try unet(
        rows, embedding: embedding, context: pass.context, hints: pass.hints, control: control, added: added,
        injection: injected, areas: areas)
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

  /// The branches that see the reference: the conditional one, and that without the sketch.
  private var seeingBranches: Int { guidance.sketch > 1 ? 2 : 1 }

  /// Makes what the passes of a step inject, when they need it.
  private struct Injector {
    let denoiser: GuidedDenoiser
    let reference: InjectedReference
    let noised: [Tensor]
    let embedding: Tensor
    /// With the reference's context, and without.
    private var seeing: [[InjectedRows.Source]]?
    private var blind: [[InjectedRows.Source]]?

    init(denoiser: GuidedDenoiser, reference: InjectedReference, noised: [Tensor], embedding: Tensor) {
      self.denoiser = denoiser
      self.reference = reference
      self.noised = noised
      self.embedding = embedding
    }

    /// The rows of a pass: first those that see the reference, then those that do not.
    mutating func rows(of pass: UNetBatching.Pass) throws -> [InjectedRows] {
      let count = denoiser.seeingBranches
      let seeingRows = max(0, min(pass.branches.upperBound, count) - pass.branches.lowerBound) * pass.pictures.count
      let blindRows = pass.branches.count * pass.pictures.count - seeingRows
      let fidelity = reference.fidelity > InjectedReference.leastFidelity ? reference.fidelity : 0
      let needsBlind = blindRows > 0 && fidelity < 1
      if seeingRows == 0 { seeing = nil }
      if seeingRows > 0, seeing == nil, needsBlind, blind == nil {
        let banks = try write(rows: 2) { denoiser.writingContexts[$0] }
        (seeing, blind) = (sources(banks, row: 0), sources(banks, row: 1))
      }
      if seeingRows > 0, seeing == nil {
        seeing = sources(try write(rows: 1) { denoiser.writingContexts[$0] }, row: 0)
      }
      if needsBlind, blind == nil { blind = sources(try write(rows: 1) { _ in .none }, row: 0) }
      return [
        InjectedRows(count: seeingRows, sources: seeing ?? [], fidelity: 0),
        InjectedRows(count: blindRows, sources: needsBlind ? blind ?? [] : [], fidelity: fidelity),
      ].filter { $0.count > 0 }
    }

    /// The pictures' own ways through the U-Net; rows after the first do not see the reference.
    private func write(rows: Int, context: (Int) -> PreparedContext) throws -> [AttentionBank] {
      func repeated(_ x: Tensor) throws -> Tensor {
        try Tensor.concatenate([Tensor](repeating: x, count: rows), axis: 0)
      }
      return try reference.pictures.enumerated().map { index, picture in
        if index > 0 { try Task.checkCancellation() }
        return try denoiser.unet.bank(
          of: repeated(noised[index]), embedding: embedding, context: context(index),
          hints: picture.hints.map(repeated), control: denoiser.control, added: denoiser.added)
      }
    }

    /// What each area looks at.
    private func sources(_ banks: [AttentionBank], row: Int) -> [[InjectedRows.Source]] {
      var sources = [[InjectedRows.Source]](repeating: [], count: max(1, denoiser.areas.first?.parts.count ?? 1))
      for (picture, bank) in zip(reference.pictures, banks) {
        sources[picture.area].append(InjectedRows.Source(bank: bank, row: row))
      }
      return sources
    }
  }
}
