// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import TestSupport
import Testing

/// Every sampler of which a run was recorded, on the small network, against recorded runs of k-diffusion and diffusers.
///
/// A few steps of a network whose single pass agrees to 1e-5; the recorded runs amplify a change of the start by up to
/// 1.3 (v) and 15 (eps): 1e-3 in relative L2.
struct SamplerParityTests {
  @Test(arguments: GoldenSet.all) func everyRecordedRun(set: GoldenSet) throws {
    let backend = try CPUBackend()
    let network = try set.network(on: backend)
    let golden = try set.file("samplers", on: backend)
    let cases = try set.decode([SamplerCase].self, from: "samplers_cases")
    #expect(Set(cases.map(\.key)) == Set(golden.names("*.final")))
    for run in cases { try check(run, network: network, golden: golden) }
  }

  private func check(_ run: SamplerCase, network: ColorizationNetwork, golden: GoldenFile) throws {
    let stored = try golden.tensor("cond.\(run.condition).context")
    let tokens = try stored.broadcast(to: stored.shape.replacing(axis: 0, with: run.batch)).contiguous()
    let half = tokens.shape[1] / 2
    let context =
      golden.contains("cond.\(run.condition).mask")
      ? ReferenceContext(
        foreground: tokens.sliced(axis: 1, 0..<half), background: tokens.sliced(axis: 1, half..<2 * half),
        mask: try golden.image("cond.\(run.condition).mask"), maskThreshold: run.maskThreshold,
        useForegroundLoRA: run.useForeground, useBackgroundLoRA: run.useBackground)
      : ReferenceContext(whole: tokens)
    let blocks = network.configuration.unet.transformerBlockCount
    let denoiser = try GuidedDenoiser(
      unet: network.unet, schedule: NoiseSchedule(network.configuration.schedule),
      predictionType: run.predictionType, context: context, hints: golden.images("cond.\(run.condition).control"),
      emptyHints: golden.images("cond.\(run.condition).uncontrol"), guidance: run.guidance,
      control: AttentionControl(referenceScales: [Float](repeating: 1, count: blocks), merge: run.merge),
      batch: run.batch)
    var source: any NoiseSource = RecordedNoise(try run.noise(golden))
    let latent = try Sampler(published: run.sampler).sample(
      denoiser, noise: golden.image("x_T.bs\(run.batch)"), steps: run.steps,
      schedule: SigmaSchedule(named: run.scheduler), source: &source)
    #expect(try #require(source as? RecordedNoise).remaining <= run.spareNoises, "\(run.key)")
    let error = try latent.relativeError(to: golden.image("\(run.key).final"))
    #expect(error < 1e-3, "\(run.key): \(error)")
  }
}
