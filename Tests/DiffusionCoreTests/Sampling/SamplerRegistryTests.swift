// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import Testing

/// Samplers by name, and those that are defined outside of the library.
@Suite struct SamplerRegistryTests {
  private static func plain(_ name: String, aliases: [String] = []) -> Sampler {
    Sampler(name, aliases: aliases) { try $0.start() }
  }

  /// Names in files must go on standing for what they stood for.
  @Test func namesOfTheLibrary() {
    #expect(
      SamplerRegistry().samplers.map(\.name) == [
        "euler", "euler_a", "heun", "lms", "dpm2", "dpm2_a", "dpmpp_2s_a", "dpmpp_sde", "dpmpp_2m", "dpmpp_2m_sde",
        "dpmpp_2m_sde_heun", "dpmpp_3m_sde", "dpm_fast", "dpm_adaptive", "ddim", "dpm_solver", "lms_diffusers", "pndm",
      ])
  }

  @Test(arguments: [
    ("DPM++ 2M", Sampler.dpmpp2M), ("dpm++-2s-a", .dpmpp2SAncestral), ("Euler Ancestral", .eulerAncestral),
    ("EULERA", .eulerAncestral), ("dpm_2_ancestral", .dpm2Ancestral), ("LMS Diffusers", .lmsDiffusers),
  ])
  func spellings(name: String, sampler: Sampler) throws {
    #expect(try Sampler(named: name) == sampler)
  }

  /// Every name and alias of the library stands for one sampler.
  @Test func namesOfTheLibraryAreDistinct() throws {
    let registry = SamplerRegistry()
    for sampler in registry.samplers {
      for name in [sampler.name] + sampler.aliases {
        #expect(try registry.sampler(named: name) == sampler)
      }
    }
  }

  @Test func unknownNamesAreToldWithAllNames() throws {
    let registry = SamplerRegistry()
    try registry.register(Self.plain("mine", aliases: ["yours"]))
    let error = #expect(throws: ScheduleError.self) { try registry.sampler(named: "best") }
    #expect(error == .unknownName("best", allowed: registry.samplers.map(\.name)))
    #expect(error?.description.hasSuffix("lms_diffusers, pndm, mine is expected") == true)
    #expect(try registry.sampler(named: "YOURS").name == "mine")
  }

  @Test(arguments: [
    (["Euler A"], "the name \"Euler A\" is taken: it stands for euler_a; case, spaces, - and _ do not count"),
    (
      ["mine", "dpm++ 2m"], "the name \"dpm++ 2m\" is taken: it stands for dpmpp_2m; case, spaces, - and _ do not count"
    ),
    (["mine", "euler-ancestral"], nil), ([" -_"], "\" -_\" is no name: letters and digits are expected"),
  ])
  func takenNamesAreRefused(names: [String], message: String?) {
    let registry = SamplerRegistry()
    let error = #expect(throws: ScheduleError.self) {
      try registry.register(Self.plain(names[0], aliases: Array(names.dropFirst())))
    }
    if let message { #expect(error?.description == message) }
    #expect(registry.samplers.count == SamplerRegistry().samplers.count)
  }

  @Test func manyTasksRegisterAtOnce() async {
    let registry = SamplerRegistry()
    let refused = await withTaskGroup(of: Bool.self) { group in
      for index in 0..<200 {
        group.addTask { (try? registry.register(Self.plain("sampler \(index / 2)"))) == nil }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(refused == 100)
    #expect(Set(registry.samplers.map(\.name)).count == SamplerRegistry().samplers.count + 100)
    #expect(registry.samplers.count == SamplerRegistry().samplers.count + 100)
  }

  @Test func isStoredByItsName() throws {
    let name = "stored_by_name"
    try SamplerRegistry.shared.register(Self.plain(name, aliases: ["stored_alias"]))
    for sampler in SamplerRegistry.shared.samplers {
      let stored = try JSONEncoder().encode([sampler])
      #expect(String(decoding: stored, as: UTF8.self) == "[\"\(sampler.name)\"]")
      #expect(try JSONDecoder().decode([Sampler].self, from: stored) == [sampler])
    }
    #expect(try JSONDecoder().decode([Sampler].self, from: Data("[\"Stored Alias\"]".utf8))[0].name == name)
    let error = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([Sampler].self, from: Data("[\"best\"]".utf8))
    }
    guard case .dataCorrupted(let context) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(context.debugDescription.hasPrefix("unknown name \"best\": one of euler, euler_a"))
  }

  /// A model of one value: it sees zeros.
  private struct Zeros: Denoiser {
    let schedule: NoiseSchedule
    let predictionType = PredictionType.eps
    func prediction(_ x: Tensor, timestep: Double) throws -> Tensor { x }
  }

  private struct Counted: NoiseSource {
    var draws = 0
    mutating func normals(shape: [Int]) throws(NoiseError) -> [Float] {
      draws += 1
      return [Float](repeating: 1, count: shape.reduce(1, *))
    }
  }

  /// Who says that it draws noise does, and nobody else; the source is left where the run left it.
  @Test(arguments: SamplerRegistry().samplers) func noiseIsDrawnWhereItIsSaid(sampler: Sampler) throws {
    var source: any NoiseSource = Counted()
    let noise = try Tensor([1, -1], shape: [1, 1, 1, 2], on: CPUBackend(threads: 1))
    _ = try sampler.sample(Zeros(schedule: NoiseSchedule()), noise: noise, steps: 6, source: &source)
    #expect(sampler.isStochastic == ((source as? Counted)?.draws ?? 0 > 0))
  }

  /// What a sampler from outside is given, and what becomes of what it gives.
  @Test func aSamplerFromOutside() throws {
    let sampler = Sampler(
      "outside", steps: 2...5, spacing: .sigmas(preferring: .karras), isStochastic: true
    ) { run in
      #expect(run.stepCount == 3 && run.schedule == .karras && run.sigmas.count == 4 && run.steps.count == 3)
      #expect(run.steps.map(\.index) == [0, 1, 2] && run.steps[2].next == 0)
      for step in run.steps { try run.report(step, denoised: run.noise) }
      #expect(try run.start().floats() == [Float(run.sigmas[0]), -Float(run.sigmas[0])])
      return try run.drawNoise(like: run.noise) + run.noise
    }
    var source: any NoiseSource = Counted()
    var reports: [Int] = []
    let noise = try Tensor([1, -1], shape: [1, 1, 1, 2], on: CPUBackend(threads: 1))
    let denoiser = Zeros(schedule: try NoiseSchedule())
    let result = try sampler.sample(denoiser, noise: noise, steps: 3, source: &source) {
      reports.append($0.completed)
      #expect($0.total == 3)
    }
    #expect(try result.floats() == [2, 0] && reports == [1, 2, 3])
    #expect(throws: ScheduleError.stepsOutOfRange(steps: 6, allowed: 2...5)) {
      try sampler.sample(denoiser, noise: noise, steps: 6, source: &source)
    }
    #expect(sampler.mostSteps(timesteps: 1000, schedule: .automatic) == 5)
    #expect(sampler.resolvedSchedule(.automatic) == .karras && sampler.resolvedSchedule(.normal) == .normal)
  }
}
