// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionTraining

/// Which samples make up each step, for ever: epoch after epoch of all pictures in random order, in batches of one size.
///
/// It follows from the seed alone, so that any step's samples are known without those before.
struct SampleOrder: Sendable {
  /// A picture in one of its views.
  struct Sample: Sendable, Hashable {
    let picture: Int
    let variant: Int
  }

  private let seed: UInt64
  private let batch: Int
  private let variantCount: Int
  /// The pictures of each size.
  private let buckets: [[Int]]
  private let batchesPerEpoch: Int

  /// - Parameters:
  ///   - pictures: those that are trained on.
  ///   - size: of each.
  init(pictures: [Int], size: (Int) -> ImageSize, batch: Int, variantCount: Int, seed: UInt64) {
    self.seed = seed
    self.batch = max(1, batch)
    self.variantCount = max(1, variantCount)
    var order: [ImageSize] = []
    var buckets: [ImageSize: [Int]] = [:]
    for picture in pictures {
      let size = size(picture)
      if buckets[size] == nil { order.append(size) }
      buckets[size, default: []].append(picture)
    }
    self.buckets = order.compactMap { buckets[$0] }
    let batch = self.batch
    batchesPerEpoch = self.buckets.reduce(0) { $0 + ($1.count + batch - 1) / batch }
  }

  /// How many steps go through all pictures once.
  var stepsPerEpoch: Int { batchesPerEpoch }

  /// The samples of a step, all of one size. A size with too few pictures repeats them in other views.
  func samples(of step: Int) -> [Sample] {
    let (epoch, place) = (step / batchesPerEpoch, step % batchesPerEpoch)
    var random = TrainingRandom(seed: seed, 21, UInt64(epoch))
    var batches: [[Int]] = []
    for bucket in buckets {
      let order = random.order(bucket.count).map { bucket[$0] }
      for start in stride(from: 0, to: order.count, by: batch) {
        batches.append((start..<start + batch).map { order[$0 % order.count] })
      }
    }
    let chosen = batches[random.order(batches.count)[place]]
    var draw = TrainingRandom(seed: seed, 22, UInt64(step))
    return chosen.map { Sample(picture: $0, variant: draw.index(variantCount)) }
  }
}
