// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

import DiffusionVulkan

/// After the loss of a device nothing is given out any more.
@Suite(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"))
struct DeviceLossTests {
  /// On an instance of its own: a device that was lost on purpose is not what the layer's silence is about.
  private func makeBackend() throws -> VulkanBackend {
    try VulkanBackend(
      TestDevice.environment("IRODORI_VULKAN_DEVICE"), on: VulkanInstance(validation: TestDevice.options.validation),
      options: TestDevice.options)
  }

  @Test(arguments: DeviceHealth.Place.allCases) func everyLaterCallThrowsTheSame(_ place: DeviceHealth.Place) throws {
    let backend = try makeBackend()
    let x = try Tensor([1, 2, 3], shape: [3], on: backend)
    let recorded = Replay()
    #expect(try recorded.run([x], as: 0) { try $0[0] * 2 }.floats() == [2, 4, 6])
    let limits = backend.memoryLimits
    backend.context.health.cause(place)
    let y = try x + 1
    let first = #expect(throws: BackendError.self) { try y.floats() }
    let loss = try #require(first)
    guard case .deviceLost(backend.name, _) = loss else {
      Issue.record("\(loss)")
      return
    }
    let calls: [() throws -> Void] = [
      { _ = try x.floats() }, { _ = try y.floats() }, { _ = try x.exp() }, { _ = try x.matmul2() },
      { _ = try backend.makeBuffer(byteCount: 16) }, { _ = try Tensor([1], shape: [1], on: backend) },
      { try backend.finish() }, { try backend.prepareMemory(for: MemoryDemand(peakBytes: 1)) },
      { _ = try recorded.run([x], as: 0) { try $0[0] * 2 } }, { _ = try recorded.run([x], as: 1) { try $0[0] * 3 } },
    ]
    for call in calls { #expect(throws: loss) { try call() } }
    // These do not throw, and do not fall over either.
    backend.releaseCachedMemory()
    #expect(backend.memoryLimits.largestBufferBytes == limits.largestBufferBytes)
    #expect(backend.validationMessages == [])
    // Another backend is not concerned.
    #expect(try Tensor([1], shape: [1], on: TestDevice.makeBackend()).floats() == [1])
  }

  @Test func lossWithinAReplayIsSeen() throws {
    let backend = try makeBackend()
    let x = try Tensor([1, 2, 3], shape: [3], on: backend)
    let replay = Replay()
    _ = try replay.run([x], as: 0) { try $0[0] * 2 }
    try backend.finish()
    backend.context.health.cause(.submission)
    #expect(throws: BackendError.self) { try replay.run([x], as: 0) { try $0[0] * 2 }.floats() }
    #expect(throws: BackendError.self) { try x.floats() }
  }
}

extension Tensor {
  fileprivate func matmul2() throws -> Tensor { try reshaped([1, 3]).matmul(reshaped([3, 1])) }
}
