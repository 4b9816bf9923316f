// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import TestSupport
import Testing

import DiffusionVulkan

/// Limits, reuse and threads.
@Suite(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"))
struct MemoryTests {
  @Test func refusesWhatNeverFits() throws {
    let backend = try TestDevice.makeBackend()
    let error = #expect(throws: BackendError.self) { try backend.makeBuffer(byteCount: 1 << 50) }
    guard case .insufficientMemory(let shortage) = try #require(error) else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(shortage.limit == .buffer && shortage.neededBytes == 1 << 50)
    #expect((1..<1 << 50).contains(shortage.fittingBytes))
    // The backend works on.
    #expect(try Tensor([1, 2], shape: [2], on: backend).floats() == [1, 2])
  }

  @Test func refusesJobsBeforeTheyStart() throws {
    var options = TestDevice.options
    options.memoryLimit = 512 << 20
    let backend = try VulkanBackend(TestDevice.environment("IRODORI_VULKAN_DEVICE"), options: options)
    let limits = backend.memoryLimits
    #expect((256 << 20...512 << 20).contains(limits.availableBytes))
    #expect(throws: Never.self) { try backend.prepareMemory(for: MemoryDemand(peakBytes: limits.availableBytes)) }
    let total = MemoryDemand(peakBytes: limits.availableBytes + 1)
    #expect(
      throws: BackendError.insufficientMemory(
        MemoryShortage(
          backend: backend.name, limit: .total, neededBytes: total.peakBytes, fittingBytes: limits.availableBytes))
    ) { try backend.prepareMemory(for: total) }
    let single = MemoryDemand(peakBytes: 1, largestBufferBytes: limits.largestBufferBytes + 1)
    let error = #expect(throws: BackendError.self) { try backend.prepareMemory(for: single) }
    #expect(error?.description.contains("in one") == true)
  }

  @Test func reservesWhatAJobNeeds() throws {
    let backend = try TestDevice.makeBackend()
    // A buffer that stays, in a block whose rest counts.
    let kept = try backend.makeBuffer(byteCount: 30 << 20)
    try backend.prepareMemory(for: MemoryDemand(peakBytes: 500 << 20, largestBufferBytes: 120 << 20))
    #expect(backend.memory.reservedByteCount == 576 << 20)
    let allocations = backend.context.allocationCount.load(ordering: .relaxed)
    // Nothing more is taken for as much again, or for less.
    let reserved = backend.memory.reservedByteCount
    for peak in [500, 100] {
      try backend.prepareMemory(for: MemoryDemand(peakBytes: peak << 20, largestBufferBytes: 50 << 20))
      #expect(backend.memory.reservedByteCount == reserved)
    }
    do {
      let buffers = try [120, 120, 120, 30, 30, 5, 5].map { try backend.makeBuffer(byteCount: $0 << 20) }
      #expect(backend.context.allocationCount.load(ordering: .relaxed) == allocations)
      withExtendedLifetime(buffers) {}
    }
    backend.releaseCachedMemory()
    #expect(backend.memory.reservedByteCount == 64 << 20)
    withExtendedLifetime(kept) {}
    #expect(backend.validationMessages == [])
  }

  @Test func asksForNoMemoryWhileSampling() throws {
    func denoiser(on backend: any Backend) throws -> (GuidedDenoiser, Tensor) {
      let configuration = try Model.embedded().configuration
      let parameters = SeededParameters(backend: backend)
      let unet = try UNet(
        Parameters(parameters), configuration: configuration.unet, lora: nil, normGroups: configuration.normGroups)
      func blank(_ shape: Shape) throws -> Tensor { try Tensor(repeating: 0.1, shape: shape, on: backend) }
      let widths = configuration.unet.channelMultipliers.map { $0 * configuration.unet.modelChannels }
      var hints = [try blank([1, 16, 16, configuration.unet.modelChannels])]
      for (level, width) in widths.enumerated() {
        let extent = 16 >> min(level + 1, widths.count - 1)
        hints.append(try blank([1, extent, extent, width]))
      }
      let scales = [Float](repeating: 1, count: configuration.unet.transformerBlockCount)
      let denoiser = try GuidedDenoiser(
        unet: unet, schedule: NoiseSchedule(configuration.schedule), predictionType: configuration.prediction,
        context: ReferenceContext(whole: blank([1, 9, configuration.unet.contextWidth])), hints: hints,
        emptyHints: nil, guidance: Guidance(reference: 3), control: AttentionControl(referenceScales: scales),
        batch: 1)
      return (denoiser, try blank([1, 16, 16, configuration.unet.inChannels]))
    }
    // What a step needs is counted first, as a job does it.
    let meter = MeteringBackend()
    let (counted, blank) = try denoiser(on: meter)
    meter.account.resetPeak()
    let before = meter.account.peakByteCount
    _ = try counted.prediction(blank, timestep: 500)
    let demand = MemoryDemand(
      peakBytes: meter.account.peakByteCount - before, largestBufferBytes: meter.account.largestByteCount)

    for replays in [true, false] {
      var options = TestDevice.options
      options.replaysRecordings = replays
      let backend = try VulkanBackend(TestDevice.environment("IRODORI_VULKAN_DEVICE"), options: options)
      let (denoiser, start) = try denoiser(on: backend)
      var x = start
      backend.releaseCachedMemory()
      try backend.prepareMemory(for: demand)
      let allocations = backend.context.allocationCount.load(ordering: .relaxed)
      #expect(allocations > 0)
      for timestep in [900.0, 500, 100] { x = try denoiser.prediction(x, timestep: timestep) }
      #expect(try x.floats().allSatisfy(\.isFinite))
      #expect(backend.context.allocationCount.load(ordering: .relaxed) == allocations)
      #expect(backend.statistics.replays == (replays ? 3 : 0))
      #expect(backend.validationMessages == [])
    }
  }

  @Test func staysWithinTheMemoryLimit() throws {
    var options = TestDevice.options
    options.memoryLimit = 200 << 20
    let backend = try VulkanBackend(TestDevice.environment("IRODORI_VULKAN_DEVICE"), options: options)
    let before = backend.memoryLimits.availableBytes
    do {
      // Two blocks of 80 MiB fit, a third does not; once one is dropped, its room serves another size.
      let first = try backend.makeBuffer(byteCount: 80 << 20)
      do {
        let second = try backend.makeBuffer(byteCount: 80 << 20)
        let error = #expect(throws: BackendError.self) { try backend.makeBuffer(byteCount: 80 << 20) }
        guard case .insufficientMemory(let shortage) = try #require(error) else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(shortage.limit == .total && shortage.fittingBytes < 80 << 20)
        withExtendedLifetime(second) {}
      }
      let larger = try backend.makeBuffer(byteCount: 110 << 20)
      withExtendedLifetime((first, larger)) {}
    }
    backend.releaseCachedMemory()
    #expect(backend.memory.reservedByteCount == 0)
    #expect(backend.memoryLimits.availableBytes == before)
  }

  @Test func modelThatDoesNotFitIsRefused() async throws {
    var options = TestDevice.options
    options.memoryLimit = 16 << 20
    let backend = try VulkanBackend(TestDevice.environment("IRODORI_VULKAN_DEVICE"), options: options)
    let error = await #expect(throws: BackendError.self) { _ = try await Colorizer(backend: backend) }
    guard case .insufficientMemory(let shortage) = try #require(error) else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(shortage.backend == backend.name && shortage.neededBytes > shortage.fittingBytes)
    #expect(backend.validationMessages == [])
  }

  @Test func refusesOperandBeyondBindingLimit() throws {
    let backend = try TestDevice.makeBackend()
    let limit = Int(backend.context.limits.maxStorageBufferRange)
    guard limit < 1 << 30 else { return }
    let tensor = try Tensor(uninitialized: [limit / 4 + 1], on: backend)
    let error = #expect(throws: BackendError.self) { try tensor.exp() }
    #expect(error?.description.contains("\(limit)") == true)
    #expect(try tensor.sliced(axis: 0, 5..<6).exp().shape == [1])
  }

  @Test func reusesMemory() throws {
    let backend = try TestDevice.makeBackend()
    var x = try Tensor(repeating: 1, shape: [1000, 100], on: backend)
    let before = backend.memory.reservedByteCount
    for _ in 0..<300 { x = try x + 1 }
    #expect(try x.floats().allSatisfy { $0 == 301 })
    #expect(backend.memory.reservedByteCount == before)
    #expect(backend.validationMessages == [])
  }

  @Test func movesMoreThanStagingHolds() throws {
    let backend = try TestDevice.makeBackend()
    let count = 5 * StagingRing.chunkByteCount / 4 + 3
    let values = (0..<count).map { Float($0 % 65_521) }
    #expect(try Tensor(values, shape: [count], on: backend).floats() == values)
    #expect(backend.validationMessages == [])
  }

  @Test func servesThreads() async throws {
    let backend = try TestDevice.makeBackend()
    let results = try await withThrowingTaskGroup(of: Float.self) { group in
      for task in 1...4 {
        group.addTask {
          var x = try Tensor(repeating: Float(task), shape: [33, 17], on: backend)
          for _ in 0..<40 { x = try (x * 2) * 0.5 }
          return try x.floats().reduce(0, +) / Float(33 * 17)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(results.sorted() == [1, 2, 3, 4])
    #expect(backend.validationMessages == [])
  }

  @Test func validationSeesMissingBarriers() throws {
    // A silent layer proves something only if it would speak.
    // An instance of its own, so that the other tests do not hear it.
    let instance = try VulkanInstance(validation: true)
    let backend = try VulkanBackend(
      TestDevice.environment("IRODORI_VULKAN_DEVICE"), on: instance, ordersCommands: false)
    let x = try Tensor(repeating: 1, shape: [1000], on: backend)
    _ = try (x + 1).floats()
    #expect(backend.validationMessages.contains { $0.contains("SYNC-HAZARD") })
  }
}
