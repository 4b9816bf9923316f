// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// How far each part of a network is from what was recorded of the published one.
package struct PublishedComparison {
  /// `|made - recorded| / |recorded|` of a result.
  package struct Difference: Sendable {
    package let what: String
    package let error: Double
  }

  /// What a set does not have, or has in another number.
  package struct Missing: Error { package let what: String }

  package let set: GoldenSet
  package let backend: any Backend
  package let network: ColorizationNetwork

  /// - Parameters:
  ///   - weights: nil for those of the set.
  ///   - backend: nil for the processor.
  package init(_ set: GoldenSet, weights: WeightSource? = nil, on backend: (any Backend)? = nil) throws {
    self.set = set
    let backend = try backend ?? CPUBackend()
    self.backend = backend
    network = try ColorizationNetwork.load(
      weights ?? set.weights(), configuration: set.configuration, backend: backend
    ).network
  }

  /// The names of a pattern, of which there must be some.
  package static func names(_ golden: GoldenFile, _ pattern: String) throws -> [String] {
    let names = golden.names(pattern)
    guard !names.isEmpty else { throw Missing(what: pattern) }
    return names
  }

  private func compare(_ made: Tensor, _ recorded: Tensor, _ what: String) throws -> Difference {
    Difference(what: what, error: try made.relativeError(to: recorded))
  }

  package func thresholdEmbedder() throws -> [Difference] {
    let golden = try set.file("modules", on: backend)
    guard let threshold = network.split?.threshold else { throw Missing(what: "threshold embedder") }
    return [
      try compare(
        threshold(golden.tensor("thresh_embedder.in").floats()), golden.tensor("thresh_embedder.out"),
        "threshold embedder")
    ]
  }

  package func recovery() throws -> [Difference] {
    let golden = try set.file("modules", on: backend)
    guard let recovery = network.split?.recovery else { throw Missing(what: "recovery transformer") }
    return [try compare(recovery(golden.tensor("cluster.in")), golden.tensor("cluster.out"), "recovery")]
  }

  package func sketchEncoder() throws -> [Difference] {
    let golden = try set.file("modules", on: backend)
    return try Self.names(golden, "control.*.in").flatMap { size in
      let hints = try network.hints(golden.image("control.\(size).in"))
      let recorded = try golden.images("control.\(size).hint")
      guard hints.count == recorded.count else { throw Missing(what: "\(size) hint \(hints.count - 1)") }
      return try zip(hints, recorded).enumerated().map { level, pair in
        try compare(pair.0, pair.1, "\(size) hint \(level)")
      }
    }
  }

  package func vaeEncoder() throws -> [Difference] {
    let golden = try set.file("vae", on: backend)
    return try Self.names(golden, "*.x").flatMap { size in
      let posterior = try network.vaeEncoder(golden.image("\(size).x"))
      return [
        try compare(posterior.mean, golden.image("\(size).mean"), "\(size) mean"),
        try compare(posterior.logVariance, golden.image("\(size).logvar"), "\(size) log variance"),
      ]
    }
  }

  package func vaeDecoder() throws -> [Difference] {
    let golden = try set.file("vae", on: backend)
    return try Self.names(golden, "*.z").flatMap { size in
      let latent = try golden.image("\(size).z")
      var found = [try compare(network.vaeDecoder(latent), golden.image("\(size).decode"), "\(size) decode")]
      if golden.contains("\(size).decode_first_stage") {
        let scaled = try latent * Float(1 / network.configuration.scaleFactor)
        found.append(
          try compare(
            network.vaeDecoder(scaled), golden.image("\(size).decode_first_stage"), "\(size) scaled decode"))
      }
      return found
    }
  }

  package func imageEncoder() throws -> [Difference] {
    let golden = try set.file("clip", on: backend)
    return try Self.names(golden, "*.x").flatMap { size in
      let image = try golden.image("\(size).x")
      let prepared = try network.imageEncoder.preprocess(image)
      var found = [
        try compare(network.imageEncoder.allTokens(prepared), golden.tensor("\(size).full"), "\(size) tokens"),
        try compare(network.imageEncoder(image), golden.tensor("\(size).local"), "\(size) local"),
      ]
      if golden.contains("\(size).preprocess") {
        found.append(try compare(prepared, golden.image("\(size).preprocess"), "\(size) preprocess"))
      }
      return found
    }
  }

  /// The U-Net on recorded contexts and hints.
  package func unet(_ c: UNetCase, _ golden: GoldenFile) throws -> Difference {
    let latent = try golden.image("\(c.latent).x").sliced(axis: 0, 0..<c.batch)
    var tokens = try golden.tensor(c.context).sliced(axis: 0, 0..<c.batch)
    tokens = try Tensor.concatenate([Tensor](repeating: tokens, count: c.contextRepeat), axis: 1)
    let context: ReferenceContext
    if let mask = c.mask {
      let half = tokens.shape[1] / 2
      context = ReferenceContext(
        foreground: tokens.sliced(axis: 1, 0..<half), background: tokens.sliced(axis: 1, half..<2 * half),
        mask: try golden.image(mask), maskThreshold: c.maskThreshold, useForegroundLoRA: c.useForeground,
        useBackgroundLoRA: c.useBackground)
    } else {
      context = ReferenceContext(whole: tokens)
    }
    let hints = try golden.images("\(c.latent).control").map { $0.sliced(axis: 0, 0..<c.batch) }
    let made = try network.unet(
      latent, timestep: c.timestep, context: network.unet.prepare(context), hints: hints, control: c.control)
    return try compare(made, golden.image(c.output), c.output)
  }
}
