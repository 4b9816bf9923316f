import DiffusionCore
import TestSupport
import Testing

/// Every part of the network against the published implementation, in f32.
///
/// The tolerance is 1e-4 in relative L2: both sides compute in f32 with sums in another order, which was measured to
/// differ by 1e-6 to 1e-5; a wrong constant, axis or branch differs by more than 1e-2.
struct PublishedParityTests {
  /// A set and the network that it was recorded of.
  private struct Setup {
    let set: GoldenSet
    let backend: CPUBackend
    let network: ColorizationNetwork

    init(_ set: GoldenSet) throws {
      self.set = set
      backend = try CPUBackend()
      network = try set.network(on: backend)
    }

    func file(_ name: String) throws -> GoldenFile { try set.file(name, on: backend) }
  }

  private func expectClose(_ a: Tensor, _ b: Tensor, _ what: String) throws {
    let error = try a.relativeError(to: b)
    #expect(error < 1e-4, "\(what): \(error)")
  }

  /// The names of a pattern, of which there must be some.
  private func names(_ golden: GoldenFile, _ pattern: String) throws -> [String] {
    let names = golden.names(pattern)
    try #require(!names.isEmpty, "nothing is called \(pattern)")
    return names
  }

  @Test(arguments: GoldenSet.all) func thresholdEmbedderAndRecovery(set: GoldenSet) throws {
    let s = try Setup(set)
    let golden = try s.file("modules")
    let threshold = try #require(s.network.split?.threshold)
    let recovery = try #require(s.network.split?.recovery)
    try expectClose(
      threshold(golden.tensor("thresh_embedder.in").floats()), golden.tensor("thresh_embedder.out"), "threshold")
    try expectClose(recovery(golden.tensor("cluster.in")), golden.tensor("cluster.out"), "recovery")
  }

  @Test(arguments: GoldenSet.all) func sinusoidalEmbeddings(set: GoldenSet) throws {
    let backend = try CPUBackend(threads: 1)
    let golden = try set.file("modules", on: backend)
    let t = try golden.tensor("timestep_embedding.t").floats()
    for name in try names(golden, "timestep_embedding.dim*") {
      let dim = try #require(Int(name))
      let made = try Tensor(sinusoidalEmbedding(t, dim: dim), shape: [t.count, dim], on: backend)
      try expectClose(made, golden.tensor("timestep_embedding.dim\(dim)"), "dim \(dim)")
    }
  }

  @Test(arguments: GoldenSet.all) func sketchEncoder(set: GoldenSet) throws {
    let s = try Setup(set)
    let golden = try s.file("modules")
    for size in try names(golden, "control.*.in") {
      let hints = try s.network.hints(golden.image("control.\(size).in"))
      let recorded = try golden.images("control.\(size).hint")
      #expect(hints.count == recorded.count)
      for (level, (hint, expected)) in zip(hints, recorded).enumerated() {
        try expectClose(hint, expected, "\(size) hint \(level)")
      }
    }
  }

  @Test(arguments: GoldenSet.all) func masks(set: GoldenSet) throws {
    let golden = try set.file("modules", on: CPUBackend(threads: 1))
    for size in try names(golden, "mask.*.in") {
      let mask = try golden.image("mask.\(size).in")
      let prefix = "mask.\(size).\(size == "pixel" ? "scaled_resize_" : "x")"
      for name in try names(golden, prefix + "*") {
        let scale = try #require(Double(name))
        // PyTorch keeps the factor as the scale even where the size does not divide.
        let made = try mask.resizedBicubic(factor: Int(1 / scale))
        let key = prefix + name
        try expectClose(made, golden.image(key), key)
      }
    }
  }

  @Test(arguments: GoldenSet.all) func autoencoder(set: GoldenSet) throws {
    let s = try Setup(set)
    let golden = try s.file("vae")
    for size in try names(golden, "*.x") {
      let posterior = try s.network.vaeEncoder(golden.image("\(size).x"))
      try expectClose(posterior.mean, golden.image("\(size).mean"), "\(size) mean")
      try expectClose(posterior.logVariance, golden.image("\(size).logvar"), "\(size) log variance")
      let latent = try golden.image("\(size).z")
      try expectClose(s.network.vaeDecoder(latent), golden.image("\(size).decode"), "\(size) decode")
      guard golden.contains("\(size).decode_first_stage") else { continue }
      let scale = Float(1 / s.network.configuration.scaleFactor)
      try expectClose(
        s.network.vaeDecoder(latent * scale), golden.image("\(size).decode_first_stage"), "\(size) scaled decode")
    }
  }

  @Test(arguments: GoldenSet.all) func imageEncoder(set: GoldenSet) throws {
    let s = try Setup(set)
    let golden = try s.file("clip")
    for size in try names(golden, "*.x") {
      let image = try golden.image("\(size).x")
      let prepared = try s.network.imageEncoder.preprocess(image)
      if golden.contains("\(size).preprocess") {
        try expectClose(prepared, golden.image("\(size).preprocess"), "\(size) preprocess")
      }
      try expectClose(s.network.imageEncoder.allTokens(prepared), golden.tensor("\(size).full"), "\(size) tokens")
      try expectClose(s.network.imageEncoder(image), golden.tensor("\(size).local"), "\(size) local")
    }
  }

  @Test(arguments: GoldenSet.all) func unet(set: GoldenSet) throws {
    let s = try Setup(set)
    let golden = try s.file("unet")
    let cases = try set.decode(UNetCase.List.self, from: "unet_cases").cases
    // All that was recorded is checked, and each mode is there.
    #expect(Set(cases.map(\.output)) == Set(golden.file.keys.filter { $0.contains(".out.") }))
    #expect(Set(cases.map { [$0.mask != nil, $0.useForeground, $0.useBackground] }).count >= 4)
    for c in cases {
      try expectClose(run(c, s, golden), golden.image(c.output), c.output)
    }
  }

  private func run(_ c: UNetCase, _ s: Setup, _ golden: GoldenFile) throws -> Tensor {
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
    return try s.network.unet(
      latent, timestep: c.timestep, context: s.network.unet.prepare(context), hints: hints, control: c.control)
  }
}
