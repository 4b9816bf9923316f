// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionVulkan
import TestSupport
import Testing

/// Times on the device, by timestamps.
@Suite(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"))
struct DeviceTimerTests {
  /// A profile on the device's clock, nil where its queue writes no timestamps.
  private func profile(_ backend: VulkanBackend) throws -> ProfilingBackend? {
    let profile = ProfilingBackend(backend)
    #expect(profile.clock == (backend.deviceTimer == nil ? .waiting : .device))
    return profile.clock == .device ? profile : nil
  }

  @Test func everyCallOfANetworkHasItsTime() throws {
    let backend = try TestDevice.makeBackend()
    guard let profile = try profile(backend) else { return }
    let parameters = SeededParameters(backend: profile)
    let unet = try UNet(Parameters(parameters), configuration: NetworkTests.unet, lora: nil, normGroups: 8)
    let context = try unet.prepare(ReferenceContext(whole: parameters.parameter("context", shape: [1, 5, 24])))
    let hints: [Shape] = [[2, 8, 8, 32], [2, 4, 4, 32], [2, 4, 4, 64]]
    let x = try parameters.parameter("latent", shape: [2, 8, 8, 4])
    let inputs = try hints.enumerated().map { try parameters.parameter("hint \($0)", shape: $1) }
    _ = try profile.takeRecords()
    backend.resetStatistics()
    let start = ContinuousClock.now
    // Calls of several batches, and more batches than there are command buffers.
    for step in 1...4 {
      profile.begin("step \(step)")
      _ = try unet(
        x, timestep: 321, context: context, hints: inputs,
        control: AttentionControl(
          referenceScales: [Float](repeating: 1, count: NetworkTests.unet.transformerBlockCount)))
    }
    let records = try profile.takeRecords()
    let wall = (ContinuousClock.now - start) / .seconds(1)
    #expect(backend.statistics.submissions > 4)
    #expect(Set(records.map(\.section)) == ["step 1", "step 2", "step 3", "step 4"])
    // Every call had something to do on the device, however little.
    #expect(records.allSatisfy { $0.seconds > 0 }, "\(records.filter { $0.seconds <= 0 }.map(\.member))")
    let members: Set = ["convolution", "groupNorm", "linear", "attention", "layerNorm"]
    #expect(Set(records.map(\.member)).isSuperset(of: members))
    // Calls do not overlap, so that together they take no longer than the clock on the wall says. Both clocks run from
    // crystals of their own, a ten-thousandth apart at most; a percent leaves room for a period that is rounded.
    let total = records.reduce(0) { $0 + $1.seconds }
    #expect(total <= wall * 1.01, "\(total) s on the device, \(wall) s on the wall")
    #expect(try profile.takeRecords().isEmpty)
    #expect(backend.validationMessages == [])
  }

  @Test func timesAreThoseOfTheWork() throws {
    let backend = try TestDevice.makeBackend()
    guard let profile = try profile(backend) else { return }
    let x = try Tensor((0..<512 * 512).map { Float($0 % 7) }, shape: [512, 512], on: profile)
    for _ in 0..<2 { _ = try x.matmul(x) }
    _ = try profile.takeRecords()
    // Other tests have the processors now and then, so that the best of some rounds counts.
    var shares: [Double] = []
    var times: [(short: Double, long: Double)] = []
    for _ in 0..<10 {
      let start = ContinuousClock.now
      _ = try x.matmul(x)
      let record = try #require(try profile.takeRecords().first)
      let wall = (ContinuousClock.now - start) / .seconds(1)
      #expect(record.member == "matmul" && record.flops == 0x1p28)
      shares.append(record.seconds / wall)
      // Neither is waited for.
      _ = try x.sliced(axis: 0, 0..<1).exp()
      _ = try x.matmul(x)
      let both = try profile.takeRecords().map(\.seconds)
      try #require(both.count == 2)
      times.append((both[0], both[1]))
    }
    // Nearly all of this time is the product's; a clock of another unit would be far off.
    let share = try #require(shares.max())
    #expect((0.25...1.01).contains(share), "\(shares)")
    let (short, long) = (times.map(\.short).min() ?? .nan, times.map(\.long).min() ?? .nan)
    #expect(short < long, "\(times)")
    #expect(backend.validationMessages == [])
  }

  @Test func otherThreadsAreNotTimed() async throws {
    let backend = try TestDevice.makeBackend()
    guard let timer = backend.deviceTimer else { return }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<4 {
        group.addTask {
          var x = try Tensor(repeating: Float(task), shape: [100], on: backend)
          for round in 0..<50 {
            if task < 2 {
              x = try timer.measure(100 * task + round) { try x + 1 }
            } else {
              x = try x + 1
            }
          }
          #expect(try x.floats() == [Float](repeating: Float(task + 50), count: 100))
        }
      }
      try await group.waitForAll()
    }
    let seconds = try timer.takeSeconds()
    #expect(Set(seconds.keys) == Set(0..<50).union(100..<150))
    #expect(backend.validationMessages == [])
  }
}
