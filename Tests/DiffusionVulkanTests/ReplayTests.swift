// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import TestSupport
import Testing

import DiffusionVulkan

/// Commands that are recorded once and run again give what recording them anew gives, bit for bit.
@Suite(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"))
struct ReplayTests {
  private static func backend(replays: Bool = true, memoryLimit: Int? = nil) throws -> VulkanBackend {
    var options = TestDevice.options
    options.replaysRecordings = replays
    options.memoryLimit = memoryLimit
    return try VulkanBackend(TestDevice.environment("IRODORI_VULKAN_DEVICE"), options: options)
  }

  private static func values(_ count: Int, seed: Int) -> [Float] {
    (0..<count).map { Float(($0 * 37 + seed * 101) % 211) / 97 - 1 }
  }

  /// A tiny U-Net with guidance, whose reference acts in the later part of the run only.
  private func predictions(
    on backend: VulkanBackend, isSplit: Bool, disturbing: Bool, batching: UNetBatching = .automatic
  ) throws -> [[Float]] {
    let inputs = SeededParameters(backend: backend)
    func input(_ shape: Shape, _ key: String) throws -> Tensor { try inputs.parameter(key, shape: shape) * 3 }
    let unet = try UNet(Parameters(inputs), configuration: NetworkTests.unet, lora: nil, normGroups: 8)
    let hints: [Shape] = [[1, 8, 8, 32], [1, 4, 4, 32], [1, 4, 4, 64]]
    let tokens = try input([1, 5, 24], "context")
    let context =
      isSplit
      ? ReferenceContext(
        foreground: tokens, background: try input([1, 5, 24], "background"),
        mask: try Tensor((0..<64).map { $0 % 8 < 3 || $0 > 50 ? 1 : 0 }, shape: [1, 8, 8, 1], on: backend),
        maskThreshold: 0.05, useForegroundLoRA: false, useBackgroundLoRA: false) : ReferenceContext(whole: tokens)
    let denoiser = try GuidedDenoiser(
      unet: unet, schedule: NoiseSchedule(ScheduleConfiguration()), predictionType: .v,
      context: context,
      hints: hints.enumerated().map { try input($1, "hint \($0)") }, emptyHints: nil,
      guidance: Guidance(reference: 3, interval: 0.4...1),
      control: AttentionControl(referenceScales: [Float](repeating: 1, count: NetworkTests.unet.transformerBlockCount)),
      batch: 1, batching: batching)
    var results: [Tensor] = []
    for (step, timestep) in [950, 800.5, 650, 500, 333.25, 50].enumerated() {
      let x = try Tensor(Self.values(256, seed: step), shape: [1, 8, 8, 4], on: backend) * 1.5
      results.append(try denoiser.prediction(x, timestep: timestep))
      if disturbing {
        // Memory that a recording used must not be given to others between its runs, nor be changed by them.
        for size in [256, 2048, 8192, 65536] { _ = try Tensor(repeating: .nan, shape: [size], on: backend) + 1 }
      }
    }
    // Nothing was read so far: all runs may have been under way at once.
    return try results.map { try $0.floats() }
  }

  @Test(arguments: [false, true]) func replayedStepsEqualRecordedOnes(isSplit: Bool) throws {
    let eager = try Self.backend(replays: false)
    let expected = try predictions(on: eager, isSplit: isSplit, disturbing: false)
    #expect(eager.statistics.replays == 0)
    #expect(expected.allSatisfy { $0.allSatisfy(\.isFinite) } && Set(expected).count == expected.count)
    let backend = try Self.backend()
    let actual = try predictions(on: backend, isSplit: isSplit, disturbing: true)
    #expect(backend.statistics.replays == 6)
    #expect(actual == expected)
    #expect(backend.validationMessages == [] && eager.validationMessages == [])
  }

  @Test(arguments: [false, true]) func replaysStepsOfSeveralPasses(isSplit: Bool) throws {
    let whole = try predictions(on: Self.backend(), isSplit: isSplit, disturbing: false)
    let eager = try Self.backend(replays: false)
    let expected = try predictions(on: eager, isSplit: isSplit, disturbing: false, batching: .rows(1))
    let backend = try Self.backend()
    let actual = try predictions(on: backend, isSplit: isSplit, disturbing: true, batching: .rows(1))
    #expect(backend.statistics.replays == 6)
    #expect(actual == expected)
    for (one, other) in zip(actual, whole) {
      let size = other.map(abs).max() ?? 0
      #expect(zip(one, other).allSatisfy { abs($0 - $1) <= 1e-6 * size })
    }
    #expect(backend.validationMessages == [])
  }

  @Test func recordsOnceForEachKey() throws {
    let backend = try Self.backend()
    let replay = Replay()
    var calls = 0
    func run(_ x: Tensor, scale: Float) throws -> [Float] {
      try replay.run([x], as: scale) {
        calls += 1
        return try ($0[0] * scale).exp()
      }.floats()
    }
    func expected(_ x: Tensor, scale: Float) throws -> [Float] { try (x * scale).exp().floats() }
    let (small, large) = (
      try Tensor(Self.values(7, seed: 1), shape: [7], on: backend),
      try Tensor(Self.values(600, seed: 2), shape: [20, 30], on: backend)
    )
    for (x, scale, count) in [(small, 2, 1), (small, 2, 1), (small, 3, 2), (large, 3, 3), (large, 3, 3)]
      as [(_, Float, _)]
    {
      #expect(try run(x, scale: scale) == expected(x, scale: scale))
      #expect(calls == count)
    }
    // A view with other strides is the same computation.
    let turned = large.transposed(1, 0)
    #expect(try run(turned, scale: 3) == expected(turned, scale: 3))
    #expect(try run(turned.contiguous() + 1, scale: 3) == expected(turned + 1, scale: 3))
    #expect(calls == 4)
    #expect(backend.validationMessages == [])
  }

  @Test func chainsRunsWithoutReading() throws {
    let backend = try Self.backend()
    let replay = Replay()
    var x = try Tensor(repeating: 1, shape: [1000], on: backend)
    var kept: [Tensor] = []
    for _ in 0..<20 {
      x = try replay.run([x], as: 0) { try ($0[0] + 1) * 2 - $0[0] }
      kept.append(x)
    }
    // x -> x + 2
    for (index, tensor) in kept.enumerated() {
      #expect(try tensor.floats() == [Float](repeating: Float(3 + 2 * index), count: 1000))
    }
    #expect(backend.statistics.replays == 20)
    #expect(backend.validationMessages == [])
  }

  @Test func keepsWhatACommandReads() throws {
    let backend = try Self.backend()
    let replay = Replay()
    let x = try Tensor(Self.values(500, seed: 3), shape: [500], on: backend)
    func run(_ weight: Tensor?) throws -> [Float] {
      try replay.run([x], as: 0) { try $0[0] * (weight ?? x) }.floats()
    }
    func first() throws -> [Float] { try run(Tensor(Self.values(500, seed: 9), shape: [500], on: backend)) }
    let expected = zip(Self.values(500, seed: 3), Self.values(500, seed: 9)).map { $0 * $1 }
    #expect(try first() == expected)
    // The weight is the recording's alone by now; its memory must not have gone to these.
    let others = try (0..<10).map { _ in try Tensor(repeating: .nan, shape: [500], on: backend) }
    #expect(try run(nil) == expected)
    withExtendedLifetime(others) {}
  }

  @Test func keepsTables() throws {
    let backend = try Self.backend()
    let replay = Replay()
    var results: [(Tensor, Tensor)] = []
    for seed in 0..<3 {
      let x = try Tensor(Self.values(192, seed: seed), shape: [1, 8, 8, 3], on: backend)
      results.append(
        (try replay.run([x], as: 0) { try $0[0].resizedBicubic(factor: 2) }, try x.resizedBicubic(factor: 2)))
      for _ in 0..<10 { _ = try Tensor(repeating: .nan, shape: [64], on: backend) }
    }
    for (replayed, direct) in results { #expect(try replayed.floats() == direct.floats()) }
    #expect(backend.statistics.replays == 3)
    #expect(backend.validationMessages == [])
  }

  @Test func doesDirectlyWhatCannotBeRecorded() throws {
    let backend = try Self.backend()
    let replay = Replay()
    for round in 1...3 {
      let x = try Tensor(repeating: Float(round), shape: [5], on: backend)
      let uploading = try replay.run([x], as: "upload") {
        try $0[0] + Tensor([Float](repeating: Float(round), count: 5), shape: [5], on: backend)
      }
      #expect(try uploading.floats() == [Float](repeating: Float(2 * round), count: 5))
    }
    let reading = try replay.run([Tensor([4, 5], shape: [2], on: backend)], as: "read") { inputs in
      try inputs[0] * (inputs[0].floats().max() ?? 0)
    }
    #expect(try reading.floats() == [20, 25])
    #expect(backend.statistics.replays == 0)
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try replay.run([reading], as: "stop") { inputs in
        _ = try inputs[0] + 1
        throw Stop()
      }
    }
    #expect(try replay.run([reading], as: "stop") { try $0[0] + 1 }.floats() == [21, 26])
    #expect(backend.statistics.replays == 1)
    #expect(backend.validationMessages == [])
  }

  @Test func otherThreadsAreNotCaptured() async throws {
    let backend = try Self.backend()
    let x = try Tensor(repeating: 1, shape: [3000], on: backend)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for task in 0..<4 {
        group.addTask {
          let replay = Replay()
          var right = true
          for round in 0..<12 {
            // Every other round records anew, while the other threads compute or record.
            let sum = try replay.run([x * Float(round)], as: round / 2) { inputs in
              try (0..<5).reduce(inputs[0]) { x, _ in try x + Float(task) }
            }
            let plain = try (x * Float(round) + Float(task)).floats()
            right = right && plain == [Float](repeating: Float(round + task), count: 3000)
            right = try right && sum.floats() == [Float](repeating: Float(round + 5 * task), count: 3000)
          }
          return right
        }
      }
      for try await right in group { #expect(right) }
    }
    #expect(backend.validationMessages == [])
  }

  @Test func givesItsMemoryUpWhenItIsNeeded() throws {
    let backend = try Self.backend(memoryLimit: 256 << 20)
    let replay = Replay()
    let x = try Tensor(repeating: 1, shape: [5 << 20], on: backend)
    func run() throws -> Float { try replay.run([x], as: 0) { try ($0[0] + 1) * 2 }.sliced(axis: 0, 0..<1).floats()[0] }
    #expect(try run() == 4)
    // Tensors of 20 MiB in blocks of 64 MiB: the recording's three need a second one.
    #expect(backend.memory.reservedByteCount == 128 << 20)
    do {
      let large = try backend.makeBuffer(byteCount: 150 << 20)
      withExtendedLifetime(large) {}
    }
    #expect(try run() == 4)
    #expect(try run() == 4)
    #expect(backend.validationMessages == [])
  }

  @Test func goesWhileTheDeviceUsesIt() throws {
    let backend = try Self.backend()
    var result = try Tensor(Self.values(1 << 16, seed: 5), shape: [256, 256], on: backend)
    let start = result
    do {
      let replay = Replay()
      for _ in 0..<3 { result = try replay.run([result], as: 0) { try $0[0].matmul($0[0]) * 0.01 } }
    }
    let other = try Self.backend(replays: false)
    var expected = try Tensor(start.floats(), shape: [256, 256], on: other)
    for _ in 0..<3 { expected = try expected.matmul(expected) * 0.01 }
    #expect(try result.floats() == expected.floats())
    #expect(backend.validationMessages == [])
  }
}
