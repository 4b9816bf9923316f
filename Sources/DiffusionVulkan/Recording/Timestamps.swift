// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore

/// The device's times of the calls in one batch: two timestamps for each.
///
/// Used under the recorder's lock only.
final class Timestamps {
  private let context: DeviceContext
  private var pool: VkQueryPool?
  /// The label of each pair, in order.
  private var labels: [Int] = []

  private static let maxPairs = 256

  init(context: DeviceContext) throws {
    self.context = context
    var info = VkQueryPoolCreateInfo()
    info.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO
    info.queryType = VK_QUERY_TYPE_TIMESTAMP
    info.queryCount = UInt32(2 * Self.maxPairs)
    try context.check(vkCreateQueryPool(context.handle, &info, nil, &pool), "making a pool of timestamps")
  }

  deinit { vkDestroyQueryPool(context.handle, pool, nil) }

  var isFull: Bool { labels.count == Self.maxPairs }

  /// Records the first timestamp of a pair; the commands before must be separated by a barrier from those that follow.
  func begin(_ label: Int, in commands: VkCommandBuffer) {
    // Timestamps must be reset by the device before they are written again.
    if labels.isEmpty { vkCmdResetQueryPool(commands, pool, 0, UInt32(2 * Self.maxPairs)) }
    write(2 * labels.count, in: commands)
    labels.append(label)
  }

  /// Records the second one.
  func end(in commands: VkCommandBuffer) { write(2 * labels.count - 1, in: commands) }

  /// At the bottom of the pipe, a timestamp is written once all commands before have ended.
  private func write(_ index: Int, in commands: VkCommandBuffer) {
    vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, pool, UInt32(index))
  }

  /// Adds the seconds of each label, once the batch is complete, and forgets them.
  func take(into seconds: inout [Int: Double]) throws {
    if labels.isEmpty { return }
    defer { labels = [] }
    var ticks = [UInt64](repeating: 0, count: 2 * labels.count)
    let result = ticks.withUnsafeMutableBytes { bytes in
      vkGetQueryPoolResults(
        context.handle, pool, 0, UInt32(2 * labels.count), bytes.count, bytes.baseAddress, 8,
        VK_QUERY_RESULT_64_BIT.rawValue | VK_QUERY_RESULT_WAIT_BIT.rawValue)
    }
    try context.check(result, "reading timestamps")
    // The bits above those that count are undefined, and the clock may have passed its end in between.
    let mask = ~UInt64(0) >> UInt64(64 - context.physical.timestampBits)
    let nanoseconds = Double(context.limits.timestampPeriod)
    for (index, label) in labels.enumerated() {
      seconds[label, default: 0] += Double((ticks[2 * index + 1] &- ticks[2 * index]) & mask) * nanoseconds * 1e-9
    }
  }
}

extension VulkanBackend {
  /// Timestamps in the queue, nil if it has none. What is recorded for repetition is not measured.
  public var deviceTimer: (any DeviceTimer)? { context.physical.timestampBits > 0 ? recorder : nil }
}
