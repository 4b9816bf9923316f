// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import Testing

/// What the conformance suite cannot ask of any backend: options, memory, several callers at once, the registry.
@Suite struct CPUBackendTests {
  @Test(arguments: [0, -1, 1025]) func refusesThreadCountsOutOfRange(threads: Int) {
    #expect(throws: BackendError.self) { try CPUBackend(threads: threads) }
  }

  @Test func refusesUnknownInstructionSets() throws {
    #expect(throws: BackendError.self) { try CPUBackend(instructionSet: "sse9") }
    #expect(try CPUBackend(instructionSet: "portable").instructionSet == "portable")
    #expect(try CPUBackend(threads: 3).threadCount == 3)
    #expect(try CPUBackend().threadCount > 0)
  }

  /// `bf16` is never chosen by itself, names of one precision mean nothing to the other, and without the instructions
  /// the error says so.
  @Test func precisionsHaveInstructionSetsOfTheirOwn() throws {
    #expect(try CPUBackend().precision == .f32)
    #expect(throws: BackendError.self) { try CPUBackend(instructionSet: "emulated-amx") }
    #expect(throws: BackendError.self) { try CPUBackend(instructionSet: "portable", precision: .bf16) }
    let emulated = try CPUBackend(threads: 1, instructionSet: "emulated-amx", precision: .bf16)
    #expect(emulated.precision == .bf16 && emulated.instructionSet == "emulated-amx")
    do {
      #expect(["amx", "avx512bf16"].contains(try CPUBackend(precision: .bf16).instructionSet))
    } catch BackendError.invalidOption(name: "precision", value: "bf16", let expected) {
      #expect(expected == "f32, since this processor or system has neither AVX512-BF16 nor AMX")
    }
  }

  /// With vector registers alone, 3x3 convolutions stay with Winograd's method in `f32`; with AMX they are direct.
  @Test(arguments: [("emulated-avx512bf16", true), ("emulated-amx", false)])
  func onlyAMXConvolvesDirectly(instructionSet: String, staysWithWinograd: Bool) throws {
    var random = SplitMix(state: 3)
    let x = (0..<12 * 12 * 32).map { _ in random.normal() }
    let w = (0..<16 * 9 * 32).map { _ in random.normal() }
    func convolve(_ cpu: CPUBackend) throws -> [Float] {
      try Tensor(x, shape: [1, 12, 12, 32], on: cpu).convolution(
        weight: Tensor(w, shape: [16, 3, 3, 32], on: cpu), geometry: ConvolutionGeometry(padding: 1)
      ).floats()
    }
    let short = try convolve(CPUBackend(threads: 1, instructionSet: instructionSet, precision: .bf16))
    let long = try convolve(CPUBackend(threads: 1, instructionSet: "portable"))
    #expect((short == long) == staysWithWinograd)
  }

  /// Pairs of `bf16` take half of what packed keys and values take in `f32`, apart from what fills a panel.
  @Test func memoryIsCountedForThePrecision() throws {
    func peak(_ set: String, _ precision: CPUBackend.Precision) throws -> Int {
      let meter = try CPUBackend(threads: 1, instructionSet: set, precision: precision).makeMeter()
      let queries = try Tensor(uninitialized: [1, 1, 128], on: meter.backend)
      let keys = try Tensor(uninitialized: [1, 12 << 10, 128], on: meter.backend)
      _ = try Tensor.attention(queries, keys, keys, heads: 2)
      return meter.account.peakByteCount
    }
    let half = 2 * 2 * (12 << 10) * 64 * 2
    for set in ["emulated-avx512bf16", "emulated-amx"] {
      let saved = try peak("portable", .f32) - peak(set, .bf16)
      #expect(abs(saved - half) < half / 50, "\(set): \(saved)")
    }
  }

  @Test func reportsWantOfMemory() throws {
    let cpu = try CPUBackend(threads: 1)
    #expect(throws: BackendError.outOfMemory(backend: "cpu", requestedBytes: 1 << 50)) {
      try cpu.makeBuffer(byteCount: 1 << 50)
    }
    // The backend works on after that.
    #expect(try Tensor(repeating: 1, shape: [3], on: cpu).sum().floats() == [3])
  }

  @Test func freedMemoryIsUsedAgainAndGivenBack() throws {
    let cpu = try CPUBackend(threads: 1)
    for _ in 0..<100 { _ = try Tensor(repeating: 1, shape: [1 << 20], on: cpu) }
    // One block served them all.
    #expect((4 << 20..<8 << 20).contains(cpu.memoryAccount.cachedByteCount))
    #expect(cpu.memoryAccount.peakByteCount < 8 << 20)
    cpu.releaseCachedMemory()
    #expect(cpu.memoryAccount.cachedByteCount == 0)
    #expect(try Tensor(repeating: 2, shape: [5], on: cpu).sum().floats() == [10])
  }

  /// One backend serves several callers at once, with the results that it gives to one.
  @Test func servesSeveralCallersAtOnce() async throws {
    let cpu = try CPUBackend(threads: 3)
    var options = ConformanceOptions()
    options.operations = ["matmul", "convolution", "attention", "groupNorm", "softmax", "copy"]
    options.includesLargeCases = false
    options.comparesDefaults = false
    let alone = ConformanceSuite.run(on: cpu, options: options).map(\.fingerprint)
    let selected = options
    await withTaskGroup(of: [ConformanceResult].self) { group in
      for _ in 0..<4 { group.addTask { ConformanceSuite.run(on: cpu, options: selected) } }
      for await results in group {
        #expect(results.failures.isEmpty, "\(results.failures.report.prefix(4000))")
        #expect(results.map(\.fingerprint) == alone)
      }
    }
  }

  /// Winograd's transforms cost accuracy: on outputs of deviation 1 the root mean square of the error is 8e-7, beside
  /// 1.5e-7 of direct sums. The bound lies between that and the 2e-6 of the customary points 0, 1, 2 and infinity.
  @Test func fastConvolutionsStayNearDirectOnes() throws {
    let (size, inputs, outputs) = (18, 64, 24)
    var random = SplitMix(state: 7)
    let x = (0..<size * size * inputs).map { _ in random.normal() }
    let w = (0..<outputs * 9 * inputs).map { _ in random.normal() / 24 }
    func convolve(winograd: Bool) throws -> [Float] {
      let cpu = try CPUBackend(threads: 2, winograd: winograd)
      return try Tensor(x, shape: [1, size, size, inputs], on: cpu).convolution(
        weight: Tensor(w, shape: [outputs, 3, 3, inputs], on: cpu), geometry: ConvolutionGeometry(padding: 1)
      ).floats()
    }
    func rootMeanSquare(_ y: [Float], _ expected: [Double]) -> Double {
      (zip(y, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) } / Double(y.count))
        .squareRoot()
    }
    var expected = [Double](repeating: 0, count: size * size * outputs)
    for y in 0..<size {
      for column in 0..<size {
        for o in 0..<outputs {
          var sum = 0.0
          for tap in 0..<9 {
            let (sy, sx) = (y + tap / 3 - 1, column + tap % 3 - 1)
            guard 0..<size ~= sy, 0..<size ~= sx else { continue }
            for i in 0..<inputs {
              sum += Double(x[(sy * size + sx) * inputs + i]) * Double(w[(o * 9 + tap) * inputs + i])
            }
          }
          expected[(y * size + column) * outputs + o] = sum
        }
      }
    }
    let (fast, direct) = (try convolve(winograd: true), try convolve(winograd: false))
    #expect(fast != direct)
    #expect(rootMeanSquare(fast, expected) < 1.2e-6)
    #expect(rootMeanSquare(direct, expected) < 2.5e-7)
  }

  @Test func theRegistryMakesBackendsByName() throws {
    let registry = BackendRegistry()
    #expect(registry.families == ["cpu"])
    #expect((try registry.makeBackend("cpu:3") as? CPUBackend)?.threadCount == 3)
    #expect(throws: BackendError.self) { try registry.makeBackend("cpu:many") }
    #expect(throws: BackendError.self) { try registry.makeBackend("cpu:0") }
    #expect(throws: BackendError.unknownBackend(name: "abacus", known: ["cpu"])) { try registry.makeBackend("abacus") }
    #expect(throws: BackendError.self) { try registry.makeBackend("") }
    registry.register("wrapped") { _ in PrimitivesOnly(try CPUBackend(threads: 1)) }
    #expect(try registry.makeBackend("wrapped:0").name == "cpu, primitives only")
  }
}

private struct SplitMix {
  var state: UInt64

  mutating func uniform() -> Double {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return (Double((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53
  }

  /// Twelve uniform numbers: near enough to normal.
  mutating func normal() -> Float { Float((0..<12).reduce(-6.0) { sum, _ in sum + uniform() }) }
}
