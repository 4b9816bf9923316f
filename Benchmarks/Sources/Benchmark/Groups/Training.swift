// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import DiffusionTraining
import Foundation

/// Steps of training: forwards, backwards, clipping and AdamW. Of the built-in network everything but the autoencoder
/// learns, in batches of eight; beside a large one low-rank branches of both regions, one sample at a time, with values
/// computed again block by block.
func measureTraining(_ bench: Bench) throws {
  let kind = bench.settings.preset == .embedded ? TrainingKind.everything : .branches
  guard bench.settings.wants(kind.name) else { return }
  let (path, isTemporary) = checkpointPath(bench.settings)
  defer { if isTemporary { try? FileManager.default.removeItem(atPath: path) } }
  let weights: WeightSource
  if bench.settings.preset == .embedded {
    weights = try Model.embedded().weights
  } else if bench.settings.weightsInMemory {
    weights = WeightSource(try RandomCheckpoint.inMemory(bench.configuration, dtype: bench.settings.weights))
  } else {
    if !FileManager.default.fileExists(atPath: path) {
      bench.console.say("  writing random weights to \(path)")
      try RandomCheckpoint.write(bench.configuration, dtype: bench.settings.weights, to: path)
    }
    weights = WeightSource(try SafetensorsFile(path: path))
  }
  bench.backend.releaseCachedMemory()

  let counted = try TrainingFixture(kind, weights, bench, on: bench.counter)
  let forward = try bench.counter.records { try counted.forward() }.gigaflop
  let all = try bench.counter.records { try counted.steps() }.gigaflop
  let floor = all / bench.limits.gigaflopPerSecond
  let counts = [forward, all, all / forward].map { Console.number($0, 1) }
  bench.console.say(
    "  forwards \(counts[0]) GFLOP, with all else \(counts[1]): \(counts[2]) times as many")

  let fixture = try TrainingFixture(kind, weights, bench, on: bench.backend)
  let prepared = try bench.peer?.prepare(
    PeerWork(
      "training", ["size": bench.settings.pixels, "batch": kind.batch, "everything": kind == .everything ? 1 : 0]))
  // Once to warm up: the first step has memory to get.
  try fixture.steps()
  bench.beginMemory()
  let clock = ContinuousClock()
  var (ours, theirs): ([Double], [Double]) = ([], [])
  for _ in 0..<bench.runs {
    ours.append(try clock.measure { try fixture.steps() } / .seconds(1))
    if prepared != nil, let peer = bench.peer { theirs.append(try peer.turn(repeats: 1).seconds) }
  }
  bench.add(
    Row(
      name: kind.name, ours: Times(seconds: ours), gigaflop: all, gigabytes: 0, floorMilliseconds: floor * 1000,
      peakResidentGiB: bench.endMemory(), peer: theirs.isEmpty ? nil : Times(seconds: theirs),
      peerLayout: prepared?.layout))
  guard bench.settings.profile, let backend = bench.backend as? any DerivativeBackend else { return }
  let watch = DerivativeClock(backend)
  let watched = try TrainingFixture(kind, weights, bench, on: watch)
  try watched.steps()
  _ = watch.takeTotals()
  try watched.steps()
  bench.add(Profile(name: kind.name, totals: watch.takeTotals(), limits: bench.limits))
}

/// What learns.
private enum TrainingKind {
  case everything, branches

  var name: String {
    switch self {
    case .everything: "all parts, batch 8, a step with masks and one without"
    case .branches: "branches only, batch 1, recomputed"
    }
  }
  var batch: Int { self == .everything ? 8 : 1 }
  var parts: Set<TrainedPart> {
    switch self {
    case .everything: Set(TrainedPart.allCases).subtracting([.vae])
    case .branches: [.foregroundLoRA, .backgroundLoRA]
    }
  }
}

/// A trainer and what it learns from.
private struct TrainingFixture {
  let trainer: Trainer
  let items: [TrainingItem]
  private let kind: TrainingKind

  init(_ kind: TrainingKind, _ weights: WeightSource, _ bench: Bench, on backend: any Backend) throws {
    self.kind = kind
    (bench.backend as? CPUBackend)?.keepCachedMemory(upTo: 8 << 30)
    let configuration = bench.configuration
    trainer = try Trainer(
      weights: weights, configuration: configuration,
      settings: TrainingSettings(
        parts: kind.parts, batch: kind.batch, rowsPerPass: kind.batch, averageDecay: nil, dropShare: 0,
        recomputation: kind == .branches ? 64 << 20 : nil), on: backend)
    let source = try RandomParameters(backend: backend, dtype: .f32)
    items = try (0..<kind.batch).map {
      try Self.item($0, pixels: bench.settings.pixels, configuration: configuration, source: source)
    }
  }

  private static func item(
    _ row: Int, pixels: Int, configuration: ModelConfiguration, source: RandomParameters
  ) throws -> TrainingItem {
    let side = pixels / configuration.latentFactor
    var item = TrainingItem()
    item.latent = try source.activations([1, side, side, configuration.vae.latentChannels])
    item.lines = try source.activations([1, pixels, pixels, 1])
    if let sizes = configuration.sketchEncoder {
      var shapes: [Shape] = [[1, side, side, sizes.modelChannels]]
      for (level, multiplier) in sizes.channelMultipliers.enumerated() {
        let extent = side >> min(level + 1, sizes.channelMultipliers.count - 1)
        shapes.append([1, extent, extent, sizes.modelChannels * multiplier])
      }
      item.hints = try shapes.map { try source.activations($0) }
    }
    // Figures differ within a batch.
    let border = side / 2 + row
    item.mask = try Tensor(
      (0..<side * side).map { $0 % side < border ? 1 : 0 }, shape: [1, side, side, 1], on: source.backend)
    let encoder = configuration.imageEncoder
    item.tokens = try source.activations([1, encoder.tokenCount, encoder.outputWidth])
    item.backgroundTokens = item.tokens
    item.reference = try source.activations([1, encoder.imageSize, encoder.imageSize, 3])
    item.background = item.reference
    return item
  }

  /// One step, or, where what a mask needs is a part of what learns, one with masks and one without.
  func steps() throws {
    for _ in 0..<(kind == .everything ? 2 : 1) { _ = try trainer.step(items) }
  }

  /// The same forwards alone.
  func forward() throws {
    _ = try trainer.loss(of: items, repeats: 1)
    guard kind == .everything else { return }
    _ = try trainer.loss(
      of: items.map {
        var item = $0
        item.mask = nil
        return item
      }, repeats: 1)
  }
}
