/// How far the result is pushed away from what the model makes without the reference, and without the sketch.
///
/// Dual classifier-free guidance: `u + (c - u) * scale` for each scale above 1, and the mean of both results if both
/// are.
public struct Guidance: Sendable, Hashable {
  /// The reference's scale; its unconditional branch has a context of zeros and keeps the sketch.
  public var reference: Double
  /// The sketch's scale; its unconditional branch has the features of an empty drawing and keeps the context.
  public var sketch: Double
  /// The part of the run with a reference, as progress `1 - t / 999`; outside, the context is zeros for every branch.
  public var interval: ClosedRange<Double>
  /// A part of the run without a reference.
  public var excluded: ClosedRange<Double>?

  /// Guidance over the whole run.
  public init(
    reference: Double = 1, sketch: Double = 1, interval: ClosedRange<Double> = 0...1,
    excluded: ClosedRange<Double>? = nil
  ) {
    self.reference = reference
    self.sketch = sketch
    self.interval = interval
    self.excluded = excluded
  }

  /// Whether the reference acts at a timestep of a process of `count` timesteps.
  public func usesReference(at timestep: Double, of count: Int) -> Bool {
    let progress = 1 - timestep / Double(max(count - 1, 1))
    return interval.contains(progress) && !(excluded?.contains(progress) ?? false)
  }
}

/// The U-Net with its conditions and guidance.
///
/// All branches run as one batch: those that see the reference come first, since the rest skip cross-attention.
public struct GuidedDenoiser: Denoiser {
  public let schedule: NoiseSchedule
  public let predictionType: PredictionType
  let unet: UNet
  let guidance: Guidance
  let control: AttentionControl
  let context: PreparedContext?
  /// Whether the branches run one after another, which takes less memory and gives the same.
  let isSequential: Bool
  /// Hints for the branches [conditional, sketch-free, reference-free], as far as they run.
  let hints: [Tensor]
  /// Hints without the reference-free branch, for the part of the run where no branch has a reference.
  let hintsWithoutReference: [Tensor]
  /// A step differs from the one before in its latent and its timestep only, so that it can be replayed.
  private let replay = Replay()

  /// Prepares everything that stays the same from step to step.
  ///
  /// - Parameters:
  ///   - context: the reference; nil for none.
  ///   - hints: the sketch encoder's, of one sketch (`[1, ...]`) or of each (`[batch, ...]`).
  ///   - emptyHints: those of an empty drawing, needed if `guidance.sketch > 1`.
  ///   - batch: how many pictures.
  ///   - sequential: run the branches one after another: less memory, the same result.
  public init(
    unet: UNet, schedule: NoiseSchedule, predictionType: PredictionType, context: ReferenceContext?, hints: [Tensor],
    emptyHints: [Tensor]?, guidance: Guidance, control: AttentionControl, batch: Int,
    sequential: Bool = false
  ) throws {
    self.unet = unet
    self.schedule = schedule
    self.predictionType = predictionType
    var guidance = guidance
    if emptyHints == nil { guidance.sketch = 1 }
    self.guidance = guidance
    self.control = control
    isSequential = sequential
    let sketchBranches = guidance.sketch > 1 && !sequential ? 2 : 1
    self.context = try context.map { try unet.prepare($0, repeats: sketchBranches) }

    func rows(_ hint: Tensor) -> Tensor {
      hint.shape[0] == batch ? hint : hint.broadcast(to: hint.shape.replacing(axis: 0, with: batch))
    }
    func joined(withReferenceFree: Bool) throws -> [Tensor] {
      try hints.indices.map { index in
        var branches = [rows(hints[index])]
        if guidance.sketch > 1, let emptyHints { branches.append(rows(emptyHints[index])) }
        if withReferenceFree { branches.append(rows(hints[index])) }
        return try Tensor.concatenate(branches, axis: 0)
      }
    }
    hintsWithoutReference = try joined(withReferenceFree: false)
    self.hints =
      context != nil && guidance.reference > 1 ? try joined(withReferenceFree: true) : hintsWithoutReference
  }

  public func prediction(_ x: Tensor, timestep: Double) throws -> Tensor {
    let seesReference = context != nil && guidance.usesReference(at: timestep, of: schedule.count)
    let embedding = try unet.timestepEmbedding(Float(timestep), on: x.backend)
    return try replay.run([x, embedding], as: seesReference) {
      try prediction($0[0], embedding: $0[1], seesReference: seesReference)
    }
  }

  private func prediction(_ x: Tensor, embedding: Tensor, seesReference: Bool) throws -> Tensor {
    let batch = x.shape[0]
    let hasReferenceFree = seesReference && guidance.reference > 1
    let branches = 1 + (guidance.sketch > 1 ? 1 : 0) + (hasReferenceFree ? 1 : 0)
    let seen = (seesReference ? context : nil) ?? .none
    let hints = seesReference ? self.hints : hintsWithoutReference
    let predicted: Tensor
    if isSequential {
      let parts = try (0..<branches).map { index in
        try unet(
          x, embedding: embedding, context: hasReferenceFree && index == branches - 1 ? .none : seen,
          hints: hints.map { $0.sliced(axis: 0, index * batch..<(index + 1) * batch) }, control: control)
      }
      predicted = try Tensor.concatenate(parts, axis: 0)
    } else {
      let rows = try Tensor.concatenate([Tensor](repeating: x, count: branches), axis: 0)
      predicted = try unet(rows, embedding: embedding, context: seen, hints: hints, control: control)
    }
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
