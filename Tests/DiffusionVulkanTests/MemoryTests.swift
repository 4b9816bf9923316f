import Colorize
import DiffusionCore
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
