// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import Testing

/// The CPU backend against the oracle, for every instruction set that this processor has.
@Suite(.serialized) struct CPUConformanceTests {
  /// The instruction sets that can be tested here.
  static var instructionSets: [String] {
    ["portable", "avx2", "avx512"].filter { (try? CPUBackend(threads: 1, instructionSet: $0)) != nil }
  }

  /// All cases, but in a debug build, where the kernels are fifty times slower, the small ones only.
  static var options: ConformanceOptions {
    var options = ConformanceOptions()
    #if DEBUG
      options.includesLargeCases = false
    #endif
    return options
  }

  static let threadCounts = [1, 2, 3, 7]

  /// Every op agrees with the oracle, by its own member and by the default, whatever the number of threads; and the
  /// number of threads does not change a bit.
  @Test func conformsForEveryInstructionSetAndThreadCount() throws {
    var settings: [(set: String, threads: Int)] = []
    for set in Self.instructionSets {
      for threads in Self.threadCounts { settings.append((set, threads)) }
    }
    let backends = try settings.map { try CPUBackend(threads: $0.threads, instructionSet: $0.set) }
    let results = ConformanceSuite.run(onAll: backends, options: Self.options)
    for (setting, found) in zip(settings, results) where !found.failures.isEmpty {
      Issue.record("\(setting.set), \(setting.threads) threads:\n\(found.report.prefix(20_000))")
    }
    for (index, setting) in settings.enumerated() {
      guard let first = settings.firstIndex(where: { $0.set == setting.set }) else { continue }
      for (single, several) in zip(results[first], results[index]) where single.fingerprint != several.fingerprint {
        Issue.record("\(setting.threads) threads change \(single.operation), \(single.caseDescription)")
      }
    }
  }

  /// Products of `bf16` agree with the oracle on rounded factors; on a processor without the instructions their
  /// imitation shows that packing, edges and indices are right.
  @Test func productsOfBF16ConformForEveryInstructionSetAndThreadCount() throws {
    let sets = ["emulated-avx512bf16", "emulated-amx", "avx512bf16", "amx"].filter {
      (try? CPUBackend(threads: 1, instructionSet: $0, precision: .bf16)) != nil
    }
    #expect(sets.count >= 2)
    var options = Self.options
    options.operations = ["linear", "gatedLinear", "conv2d", "convolution", "attention", "transposedConvolution"]
    options.factorType = .bf16
    // The defaults of fused members multiply by `matmul`, in f32.
    options.comparesDefaults = false
    for set in sets {
      let backends = try [1, 3].map {
        try CPUBackend(threads: $0, instructionSet: set, winograd: false, precision: .bf16)
      }
      let results = ConformanceSuite.run(onAll: backends, options: options)
      #expect(results[0].failures.isEmpty, "\(set):\n\(results[0].report.prefix(20_000))")
      #expect(results[0].map(\.fingerprint) == results[1].map(\.fingerprint), "threads change results of \(set)")
    }
  }

  /// The whole suite without any fused member.
  @Test func primitivesSufficeForEveryOperation() throws {
    let results = ConformanceSuite.run(on: PrimitivesOnly(try CPUBackend(threads: 2)), options: Self.options)
    #expect(results.failures.isEmpty, "\(results.report.prefix(20_000))")
    #expect(results.allSatisfy { $0.variant == .member })
  }

  /// What a device may leave out is optional, and the rest of the suite does not depend on it.
  @Test func conformsUnderTheRulesForDevices() throws {
    var options = ConformanceOptions()
    options.includesLargeCases = false
    options.checksNonFiniteValues = false
    options.allowsFlushedSubnormals = true
    options.convolutionSlack = 2
    var small = ConformanceOptions()
    small.includesLargeCases = false
    let all = ConformanceSuite.run(on: try CPUBackend(threads: 2), options: small)
    let results = ConformanceSuite.run(on: try CPUBackend(threads: 2), options: options)
    #expect(results.failures.isEmpty, "\(results.report.prefix(20_000))")
    #expect(results.count < all.count)
  }

  @Test func everyMemberHasCases() {
    #expect(
      ConformanceSuite.operations
        == ["makeBuffer(mapping:)", "read"] + BackendMember.allCases.map(\.rawValue) + ["transposedConvolution"])
  }

  /// Another seed makes other inputs: the suite does not pass by luck.
  @Test(arguments: [1, 2] as [UInt64]) func conformsForOtherInputs(seed: UInt64) throws {
    var options = ConformanceOptions()
    options.seed = seed
    options.includesLargeCases = false
    let results = ConformanceSuite.run(on: try CPUBackend(threads: 2), options: options)
    #expect(results.failures.isEmpty, "\(results.report.prefix(20_000))")
  }
}
