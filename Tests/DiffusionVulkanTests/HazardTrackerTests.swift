// SPDX-License-Identifier: Apache-2.0

import CVulkan
import Testing

import DiffusionVulkan

/// When commands must wait for each other.
struct HazardTrackerTests {
  private func access(_ range: Range<Int>, writes: Bool, buffer: Int = 1) throws -> HazardTracker.Access {
    HazardTracker.Access(buffer: try #require(VkBuffer(bitPattern: buffer)), range: range, isWrite: writes)
  }

  @Test func ordersWhatTouchesTheSameBytes() throws {
    for (first, second, expected) in [
      (true, true, true), (true, false, true), (false, true, true), (false, false, false),
    ] {
      var tracker = HazardTracker()
      #expect(try !tracker.needsBarrier(before: [access(0..<8, writes: first)]))
      #expect(try tracker.needsBarrier(before: [access(4..<12, writes: second)]) == expected)
    }
  }

  @Test func letsOthersRunAtOnce() throws {
    var tracker = HazardTracker()
    #expect(try !tracker.needsBarrier(before: [access(0..<8, writes: true)]))
    #expect(try !tracker.needsBarrier(before: [access(8..<16, writes: true)]))
    #expect(try !tracker.needsBarrier(before: [access(0..<8, writes: true, buffer: 2)]))
  }

  @Test func forgetsAfterABarrier() throws {
    var tracker = HazardTracker()
    #expect(try !tracker.needsBarrier(before: [access(0..<8, writes: true)]))
    #expect(try tracker.needsBarrier(before: [access(0..<8, writes: false)]))
    #expect(try !tracker.needsBarrier(before: [access(0..<8, writes: false)]))
    #expect(try tracker.needsBarrier(before: [access(0..<8, writes: true)]))
  }
}
