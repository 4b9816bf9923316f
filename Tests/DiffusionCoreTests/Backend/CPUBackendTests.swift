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
    cpu.releaseCachedMemory()
    #expect(try Tensor(repeating: 2, shape: [5], on: cpu).sum().floats() == [10])
  }

  /// One backend serves several callers at once, with the results that it gives to one.
  @Test func servesSeveralCallersAtOnce() async throws {
    let cpu = try CPUBackend(threads: 3)
    var options = ConformanceOptions()
    options.operations = ["matmul", "convolution", "attention", "groupNorm", "softmax", "copy"]
    options.includesLargeCases = false
    options.comparesDefaults = false
    let alone = BackendConformance.run(on: cpu, options: options).map(\.fingerprint)
    let selected = options
    await withTaskGroup(of: [ConformanceResult].self) { group in
      for _ in 0..<4 { group.addTask { BackendConformance.run(on: cpu, options: selected) } }
      for await results in group {
        #expect(results.failures.isEmpty, "\(results.failures.report.prefix(4000))")
        #expect(results.map(\.fingerprint) == alone)
      }
    }
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
