// SPDX-License-Identifier: Apache-2.0

import CVulkan

/// Finds out when a command must wait for earlier ones: when it reads what they write, or writes what they touch.
package struct HazardTracker {
  /// Bytes of a Vulkan buffer that a command touches.
  package struct Access {
    let buffer: VkBuffer
    let range: Range<Int>
    let isWrite: Bool

    package init(buffer: VkBuffer, range: Range<Int>, isWrite: Bool) {
      self.buffer = buffer
      self.range = range
      self.isWrite = isWrite
    }
  }

  /// What was touched since the last barrier.
  private var pending: [Access] = []

  package init() {}

  /// Notes the accesses of a command.
  ///
  /// - Returns: whether a barrier must stand before it.
  package mutating func needsBarrier(before accesses: [Access]) -> Bool {
    let conflict = accesses.contains { access in
      pending.contains {
        ($0.isWrite || access.isWrite) && $0.buffer == access.buffer && $0.range.overlaps(access.range)
      }
    }
    if conflict { pending.removeAll(keepingCapacity: true) }
    pending.append(contentsOf: accesses)
    return conflict
  }

  /// Forgets everything: a barrier stands here.
  package mutating func reset() { pending.removeAll(keepingCapacity: true) }
}
