// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import DiffusionVulkan
import TestSupport
import Testing

/// The figures of `Docs/GPU.md`: how long the host is busy with one denoising step.
@Suite(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"))
struct HostTimeTests {
  @Test(arguments: [false, true]) func embeddedModel(replays: Bool) throws {
    var options = TestDevice.options
    // The layer would be most of what is measured.
    options.validation = false
    options.replaysRecordings = replays
    let backend = try VulkanBackend(TestDevice.environment("IRODORI_VULKAN_DEVICE"), options: options)
    let configuration = try Model.embedded().configuration
    let inputs = SeededParameters(backend: backend)
    let unet = try UNet(
      Parameters(inputs), configuration: configuration.unet, lora: nil, normGroups: configuration.normGroups)
    let sketchEncoder = try SketchEncoder(
      Parameters(inputs), configuration: #require(configuration.sketchEncoder))
    let denoiser = try GuidedDenoiser(
      unet: unet, schedule: NoiseSchedule(configuration.schedule), predictionType: configuration.prediction,
      context: ReferenceContext(whole: inputs.parameter("context", shape: [1, 9, configuration.unet.contextWidth])),
      hints: sketchEncoder(inputs.parameter("sketch", shape: [1, 64, 64, 3])), emptyHints: nil,
      guidance: Guidance(reference: 3),
      control: AttentionControl(
        referenceScales: [Float](repeating: 1, count: configuration.unet.transformerBlockCount)),
      batch: 1)
    let latent = try inputs.parameter("latent", shape: [1, 8, 8, configuration.unet.inChannels])
    var times: [Duration] = []
    for step in 0..<6 {
      // An idle device, so that the host never waits for it.
      try backend.finish()
      backend.resetStatistics()
      let start = ContinuousClock.now
      let prediction = try denoiser.prediction(latent, timestep: Double(900 - 100 * step))
      times.append(ContinuousClock.now - start)
      #expect(try prediction.floats().allSatisfy(\.isFinite))
    }
    let milliseconds = times.map { ($0 / .microseconds(1)).rounded() / 1000 }
    let manner = replays ? "replayed" : "recorded anew"
    print("host time of a step, \(manner), in ms: \(milliseconds); \(backend.statistics)")
    #expect(backend.statistics.replays == (replays ? 1 : 0))
  }
}
