// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionVulkan
import TestSupport
import Testing

/// Every part of the network on Vulkan against the published implementation, in f32: 1e-4 in relative L2, as on the
/// processor.
@Suite(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"))
struct PublishedNetworkTests {
  private static let tolerance = 1e-4

  private func comparison(_ set: GoldenSet) throws -> (PublishedComparison, VulkanBackend) {
    let backend = try TestDevice.makeBackend()
    return (try PublishedComparison(set, on: backend), backend)
  }

  private func expectClose(_ differences: [PublishedComparison.Difference], _ backend: VulkanBackend) {
    #expect(!differences.isEmpty)
    for found in differences { #expect(found.error < Self.tolerance, "\(found.what): \(found.error)") }
    #expect(backend.validationMessages == [])
  }

  @Test(arguments: GoldenSet.all) func parts(set: GoldenSet) throws {
    let (parts, backend) = try comparison(set)
    expectClose(
      try parts.thresholdEmbedder() + parts.recovery() + parts.sketchEncoder() + parts.vaeEncoder()
        + parts.vaeDecoder() + parts.imageEncoder(), backend)
  }

  @Test(arguments: GoldenSet.all) func unet(set: GoldenSet) throws {
    let (comparison, backend) = try comparison(set)
    let golden = try set.file("unet", on: backend)
    let cases = try set.decode(UNetCase.List.self, from: "unet_cases").cases
    expectClose(try cases.map { try comparison.unet($0, golden) }, backend)
  }
}
