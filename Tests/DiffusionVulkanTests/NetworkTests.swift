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
