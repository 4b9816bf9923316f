// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import DiffusionVulkan
import Testing

/// A tape before the Vulkan backend gives right gradients: the device can train.
@Suite(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"))
struct DerivativeTests {
  @Test func derivativesOfEveryMemberAreRight() throws {
    let backend = try TestDevice.makeBackend(TestDevice.tiers.last)
    var options = ConformanceOptions()
    options.allowsFlushedSubnormals = true
    // A prime, so that shapes, strides and element types, which repeat with other periods, all come.
    let results = ConformanceSuite.runDerivatives(on: backend, options: options, every: 23)
    print(results.report)
    #expect(results.failures.isEmpty)
    // All but a fill, and the transposed convolution.
    #expect(Set(results.map(\.operation)).count == BackendMember.allCases.count)
    #expect(backend.validationMessages == [])
  }
}
