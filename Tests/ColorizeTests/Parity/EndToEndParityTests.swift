// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import TestSupport
import Testing

/// Whole runs against the published implementation: contexts, guidance, samplers and decoding together.
///
/// Contexts and hints are one pass of a network: 1e-4 in relative L2. Latent and picture come after a few passes whose
/// differences add up and are amplified by guidance: 1e-3.
struct EndToEndParityTests {
  /// A set and the network that it was recorded of.
  private struct Setup {
    let backend: CPUBackend
    let network: ColorizationNetwork
    let conditioning: Conditioning
    let golden: GoldenFile

    init(_ set: GoldenSet) throws {
      backend = try CPUBackend()
      network = try set.network(on: backend)
      conditioning = Conditioning(network: network, backend: backend)
      golden = try set.file("e2e", on: backend)
    }
  }

  @Test(arguments: GoldenSet.all) func everyRun(set: GoldenSet) throws {
    let setup = try Setup(set)
    let cases = try set.decode([EndToEndCase].self, from: "e2e_cases")
    #expect(Set(cases.map(\.key)) == Set(setup.golden.names("*.image")))
    #expect(Set(cases.map(\.mode)) == Set(InferenceMode.allCases))
    for c in cases { try check(c, setup) }
  }

  private func check(_ c: EndToEndCase, _ s: Setup) throws {
    func expect(_ made: Tensor, _ key: String, within tolerance: Double) throws {
      let error = try made.relativeError(to: s.golden.image(key))
      #expect(error < tolerance, "\(key): \(error)")
    }
    let context = try self.context(c, s)
    let lines = try s.golden.image("in.\(c.inputs).sketch")
    func hints(_ sketch: Tensor) throws -> [Tensor] {
      try s.network.hints(sketch).map { try $0 * c.ctl_scale }
    }
    let empty = try Tensor(repeating: -1, shape: lines.shape, on: s.backend)
    let denoiser = try GuidedDenoiser(
      unet: s.network.unet, schedule: NoiseSchedule(s.network.configuration.schedule),
      predictionType: s.network.configuration.prediction, context: context, hints: hints(lines),
      emptyHints: hints(empty), guidance: Guidance(reference: #require(c.gs.first), sketch: #require(c.gs.last)),
      control: AttentionControl(
        referenceScales: c.layer_state_during_sampling.reference_scale, merge: c.merge_scale),
      batch: c.bs)
    let noise = try s.golden.image("in.\(c.inputs).x_T").sliced(axis: 0, 0..<c.bs)
    let schedule = try SigmaSchedule(named: c.scheduler)
    var draws = c.noises > 0 ? try s.golden.rows("\(c.key).noise") : []
    #expect(draws.count == c.noises)
    if c.sampler == "DPM++ SDE" {
      let sigmas = try schedule.resolved(preferring: .karras).sigmas(
        steps: c.step, schedule: NoiseSchedule(s.network.configuration.schedule))
      draws = SamplerCase.halves(draws, of: zip(sigmas, sigmas.dropFirst()).map { [$0, ($0 * $1).squareRoot(), $1] })
    }
    var source: any NoiseSource = RecordedNoise(draws)
    let latent = try Sampler(published: c.sampler).sample(
      denoiser, noise: noise, steps: c.step, schedule: schedule, source: &source)
    #expect(try #require(source as? RecordedNoise).remaining <= c.spareNoises, "\(c.key)")
    try expect(latent, "\(c.key).z", within: 1e-3)
    try expect(s.conditioning.decode(latent), "\(c.key).image", within: 1e-3)
  }

  /// The reference as the network sees it, compared with what was recorded of it; nil for none.
  private func context(_ c: EndToEndCase, _ s: Setup) throws -> ReferenceContext? {
    guard !c.noref else { return nil }
    let reference = try s.golden.image("in.\(c.inputs).reference")
    var background: Tensor?
    if c.mode.needsBackground {
      background =
        c.background
        ? try s.conditioning.givenBackground(
          s.golden.image("in.\(c.inputs).background"), threshold: c.mask_thresh)
        : try s.conditioning.recoveredBackground(
          of: reference, mask: s.golden.image("in.\(c.inputs).rmask"), threshold: c.mask_thresh)
    }
    let context = try s.conditioning.context(
      mode: c.mode, layout: .published,
      references: [EncodedReference(tokens: s.conditioning.tokens(reference), background: background)],
      mask: c.mode == .vanilla ? nil : s.golden.image("in.\(c.inputs).smask"), sketchThreshold: c.mask_thresh_sketch,
      batch: c.bs)
    // The published code keeps both halves in one tensor, and in full mode the pair twice.
    let joined =
      switch context.tokens {
      case .whole(let tokens): tokens
      case .split(let front, let behind): try Tensor.concatenate([front, behind], axis: 1)
      }
    let error = try joined.relativeError(to: s.golden.tensor("\(c.key).context"))
    #expect(error < 1e-4, "\(c.key) context: \(error)")
    return context
  }
}
