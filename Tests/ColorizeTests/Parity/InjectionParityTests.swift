// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import Colorize
import DiffusionCore
import TestSupport
import Testing

/// Attention injection against recorded runs, of the published implementation where a set has them.
///
/// Runs of a few steps agree to 4e-6 in relative L2 here; an independent implementation is as far from them. Injecting in
/// place of the own tokens, or without regard to the fidelity, is 2e-2 and more away, so 1e-4 tells them apart.
struct InjectionParityTests {
  private struct Case: Decodable {
    let key: String
    let gs: [Double]
    let injection_cfg: Float
    let injection_control: Float
    let injection_start_step: Double?
    let q_calls: Int
    let sampler: String
    let step: Int
    let bs: Int?
    let fg_enhance: Bool?
    let bg_enhance: Bool?
    let merge_scale: Float?
    let mask_thresh_sketch: Float?

    var mode: InferenceMode {
      bg_enhance == true ? (fg_enhance == true ? .full : .background) : fg_enhance == true ? .foreground : .vanilla
    }
  }

  /// A set's network and the recorded tensors of one file.
  private struct Setup {
    let backend: any Backend
    let conditioning: Conditioning
    let golden: GoldenFile

    init(_ set: GoldenSet, _ name: String, on backend: any Backend) throws {
      self.backend = backend
      conditioning = Conditioning(network: try set.network(on: backend), backend: backend)
      golden = try set.file(name, on: backend)
    }
  }

  private static let files = ["injection", "injection_mask"]
  static let tolerance = 1e-4

  /// The error of a run, with the case's own fidelity or another.
  private func error(
    _ c: Case, _ s: Setup, fidelity: Float? = nil, batching: UNetBatching = .automatic
  ) throws -> Double {
    let (network, batch) = (s.conditioning, c.bs ?? 1)
    let reference = try s.golden.image("in.reference")
    let background =
      c.mode.needsBackground
      ? try network.recoveredBackground(of: reference, mask: s.golden.image("in.rmask"), threshold: 0.5) : nil
    let context = try network.context(
      mode: c.mode, layout: .published,
      references: [EncodedReference(tokens: network.tokens(reference), background: background)],
      mask: c.mode == .vanilla ? nil : s.golden.image("in.smask"), sketchThreshold: c.mask_thresh_sketch ?? 0.05,
      batch: batch)
    let sketch = try s.golden.image("in.sketch")
    let encoder = try network.parts.sketchEncoder()
    let hints =
      c.injection_control == 0
      ? [] : try network.hints(picture: s.golden.image("in.hook_xr"), strength: c.injection_control)
    let noise = RecordedNoise(try s.golden.rows("\(c.key).q_noise"))
    let injection = InjectedReference(
      pictures: [InjectedReference.Picture(latent: try s.golden.image("\(c.key).r_latent"), hints: hints)],
      start: c.injection_start_step ?? 0,
      fidelity: fidelity ?? c.injection_cfg, noise: noise)
    let unet = try network.parts.unet()
    let denoiser = try GuidedDenoiser(
      unet: unet, schedule: NoiseSchedule(network.configuration.schedule),
      predictionType: network.configuration.prediction, context: context, hints: encoder(sketch),
      emptyHints: encoder(Tensor(repeating: -1, shape: sketch.shape, on: s.backend)),
      guidance: Guidance(reference: c.gs[0], sketch: c.gs[1]),
      control: AttentionControl(
        referenceScales: [Float](repeating: 1, count: unet.configuration.transformerBlockCount),
        merge: c.merge_scale ?? 0),
      batch: batch, batching: batching, injection: injection)
    let draws = s.golden.contains("\(c.key).noise") ? try s.golden.rows("\(c.key).noise") : []
    var source: any NoiseSource = RecordedNoise(draws)
    let latent = try Sampler(published: c.sampler).sample(
      denoiser, noise: s.golden.image("in.x_T").sliced(axis: 0, 0..<batch), steps: c.step, source: &source)
    #expect(injection.remainingNoise == 0, "\(c.key)")
    return try latent.relativeError(to: s.golden.image("\(c.key).z"))
  }

  @Test(arguments: GoldenSet.all, files) func everyRun(set: GoldenSet, file: String) throws {
    let setup = try Setup(set, file, on: CPUBackend())
    let cases = try set.decode([Case].self, from: "\(file)_cases")
    #expect(Set(cases.map(\.key)) == Set(setup.golden.names("*.z")))
    for c in cases {
      let error = try error(c, setup)
      #expect(error < Self.tolerance, "\(c.key): \(error)")
    }
  }

  /// Row after row, as where memory is low, and on a backend without anything fused.
  @Test func everyWayOfComputing() throws {
    for file in Self.files {
      let plain = try Setup(.own, file, on: CPUBackend())
      let primitives = try Setup(.own, file, on: PrimitivesOnly(CPUBackend()))
      for c in try GoldenSet.own.decode([Case].self, from: "\(file)_cases") {
        #expect(try error(c, plain, batching: .rows(1)) < Self.tolerance, "\(c.key)")
        #expect(try error(c, primitives) < Self.tolerance, "\(c.key)")
      }
    }
  }

  /// The fidelity acts where there is a branch without the reference, and only there.
  @Test func theFidelityTells() throws {
    let setup = try Setup(.own, "injection", on: CPUBackend())
    for c in try GoldenSet.own.decode([Case].self, from: "injection_cases") {
      for other in [Float(0), 0.9] {
        let error = try error(c, setup, fidelity: other)
        #expect(c.gs[0] > 1 ? error > 100 * Self.tolerance : error < Self.tolerance, "\(c.key): \(error)")
      }
    }
  }
}
