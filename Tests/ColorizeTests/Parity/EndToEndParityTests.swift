import DiffusionCore
import TestSupport
import Testing

import Colorize

/// Whole runs against the published implementation: contexts, guidance, samplers and decoding together.
///
/// Contexts and hints are one pass of a network: 1e-4 in relative L2. Latent and picture come after six to twelve
/// passes whose differences add up and are amplified by guidance: 1e-3.
@Suite(.enabled(if: GoldenFile.isPresent))
struct EndToEndParityTests {
  let backend: CPUBackend
  let conditioning: Conditioning
  let network: ColorizationNetwork
  let golden: GoldenFile

  init() throws {
    backend = try CPUBackend()
    network = try GoldenModel.load(on: backend)
    conditioning = Conditioning(network: network, backend: backend)
    golden = try GoldenFile("e2e", backend: backend)
  }

  @Test func everyCase() throws {
    let cases = try EndToEndCase.all()
    #expect(cases.count == 12)
    for c in cases { try check(c) }
  }

  private func check(_ c: EndToEndCase) throws {
    func expect(_ made: Tensor, _ key: String, within tolerance: Double) throws {
      let error = try made.relativeError(to: golden.image(key))
      #expect(error < tolerance, "\(key): \(error)")
    }
    let reference = try golden.image("in.\(c.inputs).reference")
    let tokens = try conditioning.tokens(reference)
    var background: Tensor?
    if c.mode.needsBackground {
      background =
        c.givenBackground
        ? try conditioning.givenBackground(
          golden.image("in.\(c.inputs).background"), threshold: c.referenceThreshold)
        : try conditioning.recoveredBackground(
          of: reference, mask: golden.image("in.\(c.inputs).rmask"), threshold: c.referenceThreshold)
    }
    let mask = c.mode == .vanilla ? nil : try golden.image("in.\(c.inputs).smask")
    let context = try conditioning.context(
      mode: c.mode, layout: .published, tokens: tokens, background: background, mask: mask,
      sketchThreshold: c.sketchThreshold, batch: c.batch)
    if !c.noReference {
      // The published code keeps both halves in one tensor, and in full mode the pair twice.
      let joined =
        switch context.tokens {
        case .whole(let tokens): tokens
        case .split(let front, let behind): try Tensor.concatenate([front, behind], axis: 1)
        }
      let error = try joined.relativeError(to: golden.tensor("\(c.key).context"))
      #expect(error < 1e-4, "\(c.key) context: \(error)")
    }

    let lines = try golden.image("in.\(c.inputs).sketch")
    func hints(_ sketch: Tensor) throws -> [Tensor] {
      try network.hints(sketch).map { try $0 * c.sketchStrength }
    }
    let empty = try Tensor(repeating: -1, shape: lines.shape, on: backend)
    let schedule = try NoiseSchedule(network.configuration.schedule)
    let denoiser = try GuidedDenoiser(
      unet: network.unet, schedule: schedule, predictionType: .v, context: c.noReference ? nil : context,
      hints: hints(lines), emptyHints: hints(empty), guidance: c.guidance,
      control: AttentionControl(referenceScales: c.scales, merge: c.merge), batch: c.batch)
    let noise = try golden.image("in.\(c.inputs).x_T").sliced(axis: 0, 0..<c.batch)
    var source: any NoiseSource = RecordedNoise([])
    if c.noises > 0 {
      let recorded = try golden.tensor("\(c.key).noise")
      source = RecordedNoise(try (0..<c.noises).map { try recorded.sliced(axis: 0, $0..<$0 + 1).floats() })
    }
    let latent = try c.sampler.sample(denoiser, noise: noise, steps: c.steps, source: &source)
    try expect(latent, "\(c.key).z", within: 1e-3)
    try expect(conditioning.decode(latent), "\(c.key).image", within: 1e-3)
  }
}
