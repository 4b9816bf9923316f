// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import DiffusionVulkan
import Testing

/// The figures of `Docs/GPU.md`: what one call of a U-Net costs.
struct StepCostTests {
  /// Parameters without content.
  private struct Blank: ParameterSource {
    let backend: any Backend
    func parameter(_ key: String, shape: Shape) throws -> Tensor { try Tensor(uninitialized: shape, on: backend) }
    func contains(_ key: String) -> Bool { true }
  }

  /// Stable Diffusion 2.1's sizes.
  private static let large = UNetConfiguration(
    inChannels: 4, outChannels: 4, modelChannels: 320, channelMultipliers: [1, 2, 4, 4], residualBlocks: 2,
    attentionResolutions: [1, 2, 4], headWidth: 64, contextWidth: 1024)

  private func cost(
    _ configuration: UNetConfiguration, normGroups: Int, rows: Int, side: Int, tokens: Int
  ) throws -> VulkanStatistics {
    let backend = ProfilingBackend(ShapeOnlyBackend(), clock: .counting)
    let unet = try UNet(
      Parameters(Blank(backend: backend)), configuration: configuration, lora: nil, normGroups: normGroups)
    func blank(_ shape: Shape) throws -> Tensor { try Tensor(uninitialized: shape, on: backend) }
    let context = try unet.prepare(ReferenceContext(whole: blank([rows, tokens, configuration.contextWidth])))
    let widths = configuration.channelMultipliers.map { $0 * configuration.modelChannels }
    var hints = [try blank([rows, side, side, configuration.modelChannels])]
    for (level, width) in widths.enumerated() {
      let extent = side >> min(level + 1, widths.count - 1)
      hints.append(try blank([rows, extent, extent, width]))
    }
    _ = try backend.takeRecords()
    _ = try unet(
      blank([rows, side, side, configuration.inChannels]), timestep: 1, context: context, hints: hints,
      control: AttentionControl(
        referenceScales: [Float](repeating: 1, count: configuration.transformerBlockCount)))
    var cost = VulkanStatistics()
    for record in try backend.takeRecords() where record.member != "upload" {
      // A group norm reads its elements twice, for the moments and to be normalised; a third dispatch combines them.
      let isGroupNorm = record.member == "groupNorm"
      cost.dispatches += isGroupNorm ? 3 : 1
      cost.bytes += isGroupNorm ? record.byteCount / 2 * 3 : record.byteCount
      cost.operations += record.flops
    }
    return cost
  }

  @Test func largeModel() throws {
    for rows in [1, 2] {
      let cost = try cost(Self.large, normGroups: 32, rows: rows, side: 64, tokens: 257)
      print("U-Net of Stable Diffusion 2.1, 512 x 512, \(rows) rows: \(cost)")
      // About 340 G multiplications and additions a row are commonly counted; hints and 257 tokens add little.
      #expect((6e11 * Double(rows)...9e11 * Double(rows)).contains(cost.operations))
    }
  }

  @Test func embeddedModel() throws {
    let configuration = try Model.embedded().configuration
    let costs = try (1...2).map {
      try cost(configuration.unet, normGroups: configuration.normGroups, rows: $0, side: 32, tokens: 257)
    }
    print("embedded U-Net, 256 x 256, 2 rows: \(costs[1])")
    // Another row takes as much arithmetic again, apart from the timestep's embedding, and no further dispatch.
    #expect((1.99...2).contains(costs[1].operations / costs[0].operations))
    #expect(costs[1].dispatches == costs[0].dispatches)
  }
}
