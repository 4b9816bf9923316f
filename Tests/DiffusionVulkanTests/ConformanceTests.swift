// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import DiffusionVulkan
import Testing

/// The conformance suite with the validation layer on, which must stay silent, with the kernels of each tier.
///
/// `IRODORI_CONFORMANCE=matmul,copy` runs only those members; `IRODORI_CONFORMANCE_LARGE=1` adds the large cases, which
/// take long in a debug build.
@Suite(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"))
struct ConformanceTests {
  static let primitives = Set(
    ["makeBuffer(mapping:)", "read"] + BackendMember.allCases.filter(\.isRequired).map(\.rawValue))

  static var selected: Set<String> {
    let all = Set(ConformanceSuite.operations)
    guard let names = TestDevice.environment("IRODORI_CONFORMANCE") else { return all }
    return all.intersection(names.split(separator: ",").map(String.init))
  }

  static func options(_ operations: Set<String>) -> ConformanceOptions {
    var options = ConformanceOptions()
    options.operations = operations.intersection(selected)
    options.includesLargeCases = TestDevice.environment("IRODORI_CONFORMANCE_LARGE") == "1"
    // Vulkan promises subnormals to shaders only where a feature says so, and lavapipe flushes them.
    options.allowsFlushedSubnormals = true
    return options
  }

  private func check(_ operations: Set<String>, _ kernels: TestDevice.Kernels) throws {
    let backend = try TestDevice.makeBackend(kernels)
    let results = ConformanceSuite.run(on: backend, options: Self.options(operations))
    print("\(kernels):\n\(results.report)")
    #expect(results.failures.isEmpty)
    #expect(backend.validationMessages == [])
  }

  @Test(arguments: TestDevice.tiers) func primitives(kernels: TestDevice.Kernels) throws {
    try check(Self.primitives, kernels)
  }

  @Test(arguments: TestDevice.tiers) func fusedMembers(kernels: TestDevice.Kernels) throws {
    try check(Set(ConformanceSuite.operations).subtracting(Self.primitives), kernels)
  }

  /// The members whose kernels on a graphics card differ from those on a device in software.
  @Test(arguments: [TestDevice.Kernels.subgroupsWithoutLanes, .emulatedMatrices])
  func kernelsOfOtherDevices(kernels: TestDevice.Kernels) throws {
    try check(
      [
        "reduce", "softmax", "layerNorm", "groupNorm", "matmul", "linear", "gatedLinear", "conv2d", "convolution",
        "attention", "transposedConvolution",
      ], kernels)
  }
}
