// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionVulkan
import TestSupport
import Testing

/// Whole networks of a tiny configuration on Vulkan, compared with the CPU backend.
@Suite(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"))
struct NetworkTests {
  static let unet = UNetConfiguration(
    inChannels: 4, outChannels: 4, modelChannels: 32, channelMultipliers: [1, 2], residualBlocks: 1,
    attentionResolutions: [1, 2], headWidth: 16, contextWidth: 24)

  private func input(_ shape: Shape, _ key: String, on backend: any Backend) throws -> Tensor {
    try SeededParameters(backend: backend).parameter(key, shape: shape) * Float(shape[shape.rank - 1]).squareRoot()
  }

  private func predict(on backend: any Backend) throws -> [Float] {
    let network = try UNet(
      Parameters(SeededParameters(backend: backend)), configuration: Self.unet, lora: nil, normGroups: 8)
    let context = try network.prepare(ReferenceContext(whole: input([1, 5, 24], "context", on: backend)))
    let hints: [Shape] = [[2, 8, 8, 32], [2, 4, 4, 32], [2, 4, 4, 64]]
    return try network(
      input([2, 8, 8, 4], "latent", on: backend), timestep: 321, context: context,
      hints: hints.enumerated().map { try input($1, "hint \($0)", on: backend) },
      control: AttentionControl(
        referenceScales: [Float](repeating: 1, count: Self.unet.transformerBlockCount))
    ).floats()
  }

  /// The largest difference, relative to the largest magnitude.
  private func difference(_ a: [Float], _ b: [Float]) -> Float {
    let size = b.map(abs).max() ?? 0
    return (zip(a, b).map { abs($0 - $1) }.max() ?? 0) / size
  }

  @Test func unetAgreesWithCPU() throws {
    let backend = try TestDevice.makeBackend()
    let error = difference(try predict(on: backend), try predict(on: CPUBackend()))
    print("U-Net on \(backend.device): relative difference \(error), \(backend.statistics)")
    #expect(error < 1e-4)
    #expect(backend.validationMessages == [])
  }

  /// Steps with an injected reference and two areas, guided, in one pass and row by row.
  private func guidedSteps(on backend: any Backend, batching: UNetBatching) throws -> [Float] {
    func input(_ shape: Shape, _ key: String) throws -> Tensor { try self.input(shape, key, on: backend) }
    let unet = try UNet(
      Parameters(SeededParameters(backend: backend)), configuration: Self.unet, lora: nil, normGroups: 8)
    let hints: [Shape] = [[1, 8, 8, 32], [1, 4, 4, 32], [1, 4, 4, 64]]
    let labels = AreaLabels(
      width: 16, height: 16, unit: 2, values: (0..<256).map { $0 % 16 < 6 ? 0 : 1 }, areaCount: 2)
    let denoiser = try GuidedDenoiser(
      unet: unet, schedule: NoiseSchedule(ScheduleConfiguration()), predictionType: .v,
      context: ReferenceContext(
        areas: [
          ReferenceContext(whole: input([1, 5, 24], "context")), ReferenceContext(whole: input([1, 9, 24], "other")),
        ], labels: labels),
      hints: hints.enumerated().map { try input($1, "hint \($0)") }, emptyHints: nil,
      guidance: Guidance(reference: 2),
      control: AttentionControl(referenceScales: [Float](repeating: 1, count: Self.unet.transformerBlockCount)),
      batch: 1, batching: batching,
      injection: InjectedReference(
        pictures: [
          InjectedReference.Picture(latent: input([1, 8, 8, 4], "injected"), hints: []),
          InjectedReference.Picture(latent: input([1, 8, 8, 4], "injected too"), hints: [], area: 1),
        ], start: 0.3, fidelity: 0.5,
        noise: NoiseGenerator.torchCPU.source(seed: 1)))
    // The first has no injection, the last is a replay.
    return try [800.5, 600, 400].flatMap { timestep in
      try denoiser.prediction(input([1, 8, 8, 4], "latent \(timestep)"), timestep: timestep).floats()
    }
  }

  @Test(arguments: [UNetBatching.whole, .rows(1)]) func injectionAndAreasAgreeWithCPU(batching: UNetBatching) throws {
    let backend = try TestDevice.makeBackend()
    let expected = try guidedSteps(on: CPUBackend(), batching: batching)
    #expect(difference(try guidedSteps(on: backend, batching: batching), expected) < 1e-4)
    #expect(backend.validationMessages == [])
  }

  @Test func vaeDecoderAgreesWithCPU() throws {
    let configuration = VAEConfiguration(
      channels: 16, channelMultipliers: [1, 2], residualBlocks: 1, latentChannels: 4)
    func decode(on backend: any Backend) throws -> [Float] {
      let decoder = try VAEDecoder(
        Parameters(SeededParameters(backend: backend)), configuration: configuration, normGroups: 8)
      return try decoder(input([1, 6, 5, 4], "latent", on: backend)).floats()
    }
    let backend = try TestDevice.makeBackend()
    #expect(difference(try decode(on: backend), try decode(on: CPUBackend())) < 1e-4)
    #expect(backend.validationMessages == [])
  }
}
