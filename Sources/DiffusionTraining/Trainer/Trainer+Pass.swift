// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension Trainer {
  /// The loss of some of the samples of a step, as the tape records it.
  ///
  /// - Parameters:
  ///   - purpose: tells what is drawn in training from what is drawn elsewhere.
  ///   - step: tells one drawing from others.
  func pass(_ items: [TrainingItem], _ rows: Range<Int>, purpose: UInt64, step: Int) throws -> Tensor {
    if settings.parts == [.vae] { return try autoencoderPass(items[rows].map { $0 }, purpose: purpose, step: step) }
    let base = tape.base
    var samples: [(item: TrainingItem, latent: Tensor, draws: StepDraws)] = try rows.map { row in
      guard let latent = items[row].latent else {
        throw TrainingError.misused(reason: "a sample has no latent, which all parts but the autoencoder learn from")
      }
      let first = items[0].latent?.shape ?? latent.shape
      guard latent.shape == first, latent.shape.rank == 4, latent.shape[0] == 1 else {
        throw TrainingError.misused(
          reason:
            "the samples of a step have latents \(first) and \(latent.shape); they have to be of one size, one row each"
        )
      }
      let draws = StepDraws(
        settings, purpose: purpose, step: step, row: row, shape: latent.shape, schedule: schedule)
      return (items[row], latent, draws)
    }
    // Rows that see their reference come first; the order among them stays.
    samples = samples.filter { !$0.draws.isDropped } + samples.filter { $0.draws.isDropped }
    let seeing = samples.filter { !$0.draws.isDropped }
    var (noisy, targets): ([Tensor], [Tensor]) = ([], [])
    for sample in samples {
      let noise = try Tensor(sample.draws.noise, shape: sample.latent.shape, on: base)
      noisy.append(try objective.noisy(tape.onBase(sample.latent), noise: noise, timestep: sample.draws.timestep))
      targets.append(
        try objective.target(tape.onBase(sample.latent), noise: noise, timestep: sample.draws.timestep))
    }
    let input = tape.constant(try Tensor.concatenate(noisy, axis: 0))
    let target = tape.constant(try Tensor.concatenate(targets, axis: 0))
    var usesMasks = usesMasks(step: step)
    // Where other parts learn too, samples may do without masks; where none do, nothing would be learned.
    if usesMasks, seeing.allSatisfy({ $0.item.mask == nil }), !settings.parts.isSubset(of: TrainedPart.secondStage) {
      usesMasks = false
    }
    let unet = try parts.unet()
    return try tape.recording {
      let hints = try self.hints(samples.map(\.item))
      var context = PreparedContext.none
      if !seeing.isEmpty {
        context = try unet.prepare(
          self.context(seeing.map(\.item), thresholds: seeing.map(\.draws.sketchThreshold), usesMasks: usesMasks))
      }
      let blocks = configuration.unet.transformerBlockCount
      let predicted = try unet(
        input, timesteps: samples.map { Float($0.draws.timestep) }, context: context, hints: hints,
        control: AttentionControl(referenceScales: [Float](repeating: 1, count: blocks)))
      let timesteps = samples.map(\.draws.timestep)
      // Where some of a batch have weights and others not, the others' are 1.
      guard samples.contains(where: { $0.item.weight != nil }) else {
        return try objective.loss(predicted, target: target, timesteps: timesteps)
      }
      let places = try samples.map { sample in
        try sample.item.weight
          ?? Tensor(repeating: 1, shape: sample.latent.shape.replacing(axis: 3, with: 1), on: base)
      }
      return try objective.loss(predicted, target: target, timesteps: timesteps, places: joined(places, "weights"))
    }
  }

  /// Whether a step colours by regions: always where nothing else learns, every other time where more does.
  private func usesMasks(step: Int) -> Bool {
    guard parts.hasSplit else { return false }
    return settings.parts.isSubset(of: TrainedPart.secondStage) || step % 2 == 0
  }

  /// - Parameter what: as errors call it.
  private func joined(_ tensors: [Tensor?], _ what: String) throws -> Tensor {
    let present = tensors.compactMap { $0 }
    guard present.count == tensors.count, let first = present.first else {
      throw TrainingError.misused(
        reason:
          "\(tensors.count - present.count) of \(tensors.count) samples have no \(what), which \(partNames) learn from")
    }
    for tensor in present where tensor.shape != first.shape {
      throw TrainingError.misused(
        reason:
          "the \(what) of the samples of a step are \(first.shape) and \(tensor.shape); they have to be of one size")
    }
    return tape.constant(try Tensor.concatenate(present.map { tape.onBase($0) }, axis: 0))
  }

  private func hints(_ items: [TrainingItem]) throws -> [Tensor] {
    guard settings.parts.contains(.sketchEncoder) else {
      let count = items.map { $0.hints?.count ?? 0 }.max() ?? 0
      guard count > 0 || configuration.sketchEncoder == nil else {
        throw TrainingError.misused(reason: "the samples have no hints, which \(partNames) learn from")
      }
      return try (0..<count).map { level in
        try joined(items.map { $0.hints.flatMap { level < $0.count ? $0[level] : nil } }, "hints")
      }
    }
    let lines = try joined(items.map(\.lines), "lines")
    return try parts.sketchEncoder()(lines.broadcast(to: lines.shape.replacing(axis: 3, with: 3)).contiguous())
  }

  private func context(_ items: [TrainingItem], thresholds: [Float], usesMasks: Bool) throws -> ReferenceContext {
    let learns = settings.parts.contains(.imageEncoder)
    func tokens(_ encoded: [Tensor?], _ pictures: [Tensor?]) throws -> Tensor {
      guard learns else { return try joined(encoded, "tokens") }
      let all = try parts.imageEncoder().allTokens(joined(pictures, "references"))
      return all.sliced(axis: 1, 1..<all.shape[1])
    }
    let whole = try tokens(items.map(\.tokens), items.map(\.reference))
    guard usesMasks, let split = try parts.split() else { return ReferenceContext(whole: whole) }
    return try SecondStage(split).context(
      .full, tokens: whole, backgroundTokens: tokens(items.map(\.backgroundTokens), items.map(\.background)),
      mask: joined(items.map(\.mask), "masks"), sketchThresholds: thresholds,
      referenceThresholds: items.map(\.referenceThreshold))
  }

  /// The loss of the autoencoder: the mean distance of what comes back, and 1e-6 of the divergence.
  private func autoencoderPass(_ items: [TrainingItem], purpose: UInt64, step: Int) throws -> Tensor {
    let x = try joined(items.map(\.picture), "pictures")
    let (encoder, decoder) = (try parts.vaeEncoder(), try parts.vaeDecoder())
    let factor = configuration.latentFactor
    let shape: Shape = [
      x.shape[0], x.shape[1] / factor, x.shape[2] / factor, configuration.vae.latentChannels,
    ]
    var random = TrainingRandom(seed: settings.seed, purpose, UInt64(bitPattern: Int64(step)))
    let noise = tape.constant(try Tensor(random.normals(shape.elementCount), shape: shape, on: tape.base))
    return try tape.recording {
      func limit(_ value: Float) throws -> Tensor { try Tensor(repeating: value, shape: [1], on: tape) }
      let (mean, raw) = try encoder(x)
      let logVariance = try Tensor.minimum(Tensor.maximum(raw, limit(-30)), limit(20))
      let y = try decoder(mean + (logVariance * 0.5).exp() * noise)
      return try Loss.meanAbsoluteError(y, x) + Loss.divergence(mean: mean, logVariance: logVariance) * 1e-6
    }
  }
}
