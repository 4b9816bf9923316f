import DiffusionCore
import TestSupport
import Testing

/// Every part of the network against the published implementation, in f32.
///
/// The tolerance is 1e-4 in relative L2: both sides compute in f32 with sums in another order, which was measured to
/// differ by 1e-6 to 1e-5; a wrong constant, axis or branch differs by more than 1e-2.
@Suite(.enabled(if: GoldenFile.isPresent))
struct PublishedParityTests {
  let backend: CPUBackend
  let network: ColorizationNetwork
  let tolerance = 1e-4

  init() throws {
    backend = try CPUBackend()
    network = try GoldenModel.load(on: backend)
  }

  private func expectClose(_ a: Tensor, _ b: Tensor, _ what: String) throws {
    let error = try a.relativeError(to: b)
    #expect(error < tolerance, "\(what): \(error)")
  }

  @Test func thresholdEmbedderAndRecovery() throws {
    let golden = try GoldenFile("modules", backend: backend)
    let threshold = try #require(network.split?.threshold)
    let recovery = try #require(network.split?.recovery)
    try expectClose(
      threshold(golden.tensor("thresh_embedder.in").floats()), golden.tensor("thresh_embedder.out"), "threshold")
    try expectClose(recovery(golden.tensor("cluster.in")), golden.tensor("cluster.out"), "recovery")
  }

  @Test func sinusoidalEmbeddings() throws {
    let golden = try GoldenFile("modules", backend: backend)
    let t = try golden.tensor("timestep_embedding.t").floats()
    for dim in [32, 33, 256, 320] {
      let made = try Tensor(sinusoidalEmbedding(t, dim: dim), shape: [t.count, dim], on: backend)
      try expectClose(made, golden.tensor("timestep_embedding.dim\(dim)"), "dim \(dim)")
    }
  }

  @Test func sketchEncoder() throws {
    let golden = try GoldenFile("modules", backend: backend)
    for size in ["64x64", "128x192", "64x64b2"] {
      for (level, hint) in try network.hints(golden.image("control.\(size).in")).enumerated() {
        try expectClose(hint, golden.image("control.\(size).hint\(level)"), "\(size) hint \(level)")
      }
    }
  }

  @Test func masks() throws {
    let golden = try GoldenFile("modules", backend: backend)
    for size in ["8x8", "16x24", "10x14"] {
      let mask = try golden.image("mask.\(size).in")
      for factor in [1, 2, 4, 8] {
        let name = "mask.\(size).x\(1 / Double(factor))"
        // PyTorch keeps the factor as the scale even where the size does not divide.
        let made = try mask.resizedBicubic(factor: factor)
        try expectClose(made, golden.image(name), name)
      }
    }
    let pixels = try golden.image("mask.pixel.in").resizedBicubic(factor: 8)
    try expectClose(pixels, golden.image("mask.pixel.scaled_resize_0.125"), "pixel mask")
  }

  @Test func autoencoder() throws {
    let golden = try GoldenFile("vae", backend: backend)
    for size in ["64x64", "64x128", "68x100"] {
      let posterior = try network.vaeEncoder(golden.image("\(size).x"))
      try expectClose(posterior.mean, golden.image("\(size).mean"), "\(size) mean")
      try expectClose(posterior.logVariance, golden.image("\(size).logvar"), "\(size) log variance")
      try expectClose(network.vaeDecoder(golden.image("\(size).z")), golden.image("\(size).decode"), "\(size) decode")
    }
  }

  @Test func imageEncoder() throws {
    let golden = try GoldenFile("clip", backend: backend)
    for size in ["240x300", "100x80", "64x64"] {
      let image = try golden.image("\(size).x")
      let prepared = try network.imageEncoder.preprocess(image)
      if size != "64x64" { try expectClose(prepared, golden.image("\(size).preprocess"), "\(size) preprocess") }
      try expectClose(network.imageEncoder.allTokens(prepared), golden.tensor("\(size).full"), "\(size) tokens")
      try expectClose(network.imageEncoder(image), golden.tensor("\(size).local"), "\(size) local")
    }
  }

  @Test func unet() throws {
    let golden = try GoldenFile("unet", backend: backend)
    let cases = try UNetCase.all()
    #expect(cases.count == 60)
    for c in cases {
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
      let hints = try (0...4).map { try golden.image("\(c.latent).control\($0)").sliced(axis: 0, 0..<c.batch) }
      let made = try network.unet(
        latent, timestep: c.timestep, context: network.unet.prepare(context), hints: hints, control: c.control)
      try expectClose(made, golden.image(c.output), c.output)
    }
  }
}
