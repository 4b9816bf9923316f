// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import DiffusionTraining

extension TrainingRun {
  /// The most bytes that the training takes: the program, the making of samples from the largest picture, a look at pictures
  /// held out and a step, of the largest size. They are counted without computing them, in the order in which they are
  /// done: what one has used stays in the pool beside what the next asks for, of other sizes.
  ///
  /// - Throws: ``BackendError/insufficientMemory(_:)`` with advice if it would not fit.
  static func countMemory(_ plan: TrainingPlan, buckets: AspectBuckets, backend: any Backend) throws -> Int {
    let meter = backend.makeMeter()
    let counting = UnequalReads(meter.backend)
    let model = plan.model
    let trainer = try Trainer(
      weights: model.weights, configuration: model.configuration, settings: plan.settings, on: counting,
      storage: model.storage)
    // Blocks of one size hardly serve another, so that each size adds to what the pool keeps.
    let sizes = Set(plan.folder.pictures.map { buckets.size(for: $0.size) }).sorted {
      ($0.width * $0.height, $0.width) > ($1.width * $1.height, $1.width)
    }.prefix(countedSizes)
    guard let largest = sizes.first else { return 0 }
    let views = ViewMaker(
      pictures: plan.folder.pictures, buckets: buckets, settings: plan.views, seed: 0, isReference: [])
    let encoder = SampleEncoder(trainer: trainer, views: views, cache: nil, modelFingerprint: "")
    func samples(_ count: Int, _ size: ImageSize) throws -> [TrainingItem] {
      try (0..<count).map { _ in
        try encoder.encodeBlank(size)
        return try blank(size, for: trainer, on: counting)
      }
    }
    func validate() throws {
      let count = min(plan.heldOut.count, validatedCount)
      guard count > 0 else { return }
      let items = try samples(count, largest)
      _ = try trainer.withAverages { try trainer.loss(of: items) }
    }
    try validate()
    for _ in 0..<2 {
      for size in sizes { _ = try trainer.step(samples(plan.settings.batch, size)) }
      try validate()
    }
    let pixels = plan.folder.pictures.map { $0.size.width * $0.size.height }.max() ?? 0
    let peak =
      meter.account.peakByteCount + trainer.hostByteCount + MemoryEstimate.programBytes + hostBytes
      + pixels * bytesPerPixel
    guard plan.checksMemory else { return peak }
    do {
      try backend.prepareMemory(
        for: MemoryDemand(peakBytes: peak, largestBufferBytes: meter.account.largestByteCount))
    } catch BackendError.insufficientMemory(var shortage) {
      shortage.advice =
        "choose a smaller resolution, fewer rows at one time, or values that are computed again instead of kept"
      throw BackendError.insufficientMemory(shortage)
    }
    return peak
  }

  /// The most sizes that are looked at, the largest ones.
  private static let countedSizes = 8
  /// Of the largest picture: it and its reference are decoded, and their figures looked for.
  private static let bytesPerPixel = 16
  /// What the arrays of all that is done take on the host besides, finding figures among it, and the gaps between them, as
  /// measured.
  private static let hostBytes = 64 << 20

  /// A sample of a size, without content.
  private static func blank(_ size: ImageSize, for trainer: Trainer, on backend: any Backend) throws -> TrainingItem {
    func tensor(_ shape: Shape) throws -> Tensor { try Tensor(uninitialized: shape, on: backend) }
    let configuration = trainer.configuration
    let (height, width) = (size.height / configuration.latentFactor, size.width / configuration.latentFactor)
    var item = TrainingItem()
    item.picture = try tensor([1, size.height, size.width, 3])
    item.latent = try tensor([1, height, width, configuration.vae.latentChannels])
    item.lines = try tensor([1, size.height, size.width, 1])
    if let encoder = configuration.sketchEncoder {
      let base = encoder.modelChannels
      var hints = [try tensor([1, height, width, base])]
      var (h, w) = (height, width)
      for (level, multiplier) in encoder.channelMultipliers.enumerated() {
        if level < encoder.channelMultipliers.count - 1 { (h, w) = ((h + 1) / 2, (w + 1) / 2) }
        hints.append(try tensor([1, h, w, base * multiplier]))
      }
      item.hints = hints
    }
    item.mask = try tensor([1, height, width, 1])
    let encoder = configuration.imageEncoder
    item.tokens = try tensor([1, encoder.tokenCount, encoder.outputWidth])
    item.backgroundTokens = item.tokens
    item.reference = try tensor([1, encoder.imageSize, encoder.imageSize, 3])
    item.background = item.reference
    return item
  }
}
