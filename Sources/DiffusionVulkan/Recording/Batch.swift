// SPDX-License-Identifier: Apache-2.0

import CVulkan

/// A command buffer that is being recorded. Commands that touch the same bytes have a barrier between them.
struct Batch {
  let slot: CommandSlot
  private let commands: VkCommandBuffer
  private var hazards = HazardTracker()
  /// Whether barriers are recorded between commands.
  private let ordersCommands: Bool
  /// How many dispatches it has.
  private(set) var dispatches = 0
  /// Their floating-point operations.
  private(set) var work = 0.0
  /// The label under which the device's time is being taken.
  private var timed: Int?

  /// One dispatch of a kernel.
  struct Dispatch {
    let pipeline: PipelineCache.Pipeline
    /// Bound in order; the first is the destination.
    let windows: [Window]
    /// The push constants.
    let arguments: [UInt32]
    let groups: WorkGroups
    /// Floating-point operations.
    let work: Double

    /// The bytes of all operands.
    var byteCount: Int { windows.reduce(0) { $0 + $1.range.count } }
  }

  /// Begins to record into an empty slot.
  init(slot: CommandSlot, ordersCommands: Bool) throws {
    self.slot = slot
    self.ordersCommands = ordersCommands
    commands = try slot.begin()
    // What earlier batches wrote must be seen by this one, and what they read must not be overwritten before.
    barrier()
  }

  /// Records a dispatch.
  ///
  /// - Returns: how many barriers it needed.
  mutating func record(_ dispatch: Dispatch) throws -> Int {
    let barriers = order(
      dispatch.windows.enumerated().map { index, window in
        HazardTracker.Access(buffer: window.buffer.block.buffer, range: window.range, isWrite: index == 0)
      })
    let set = try slot.descriptorSet(
      dispatch.pipeline.setLayout,
      dispatch.windows.map { window in
        VkDescriptorBufferInfo(
          buffer: window.buffer.block.buffer, offset: VkDeviceSize(window.range.lowerBound),
          range: VkDeviceSize(window.range.count))
      })
    let layout = dispatch.pipeline.layout
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, dispatch.pipeline.handle)
    withUnsafePointer(to: set) {
      vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, $0, 0, nil)
    }
    dispatch.arguments.withUnsafeBytes {
      vkCmdPushConstants(commands, layout, VK_SHADER_STAGE_COMPUTE_BIT.rawValue, 0, UInt32($0.count), $0.baseAddress)
    }
    vkCmdDispatch(commands, dispatch.groups.x, dispatch.groups.y, dispatch.groups.z)
    dispatches += 1
    work += dispatch.work
    return barriers
  }

  /// Records a copy between two Vulkan buffers.
  ///
  /// - Returns: how many barriers it needed.
  mutating func copy(_ source: VkBuffer, _ from: Int, to target: VkBuffer, _ to: Int, _ count: Int) -> Int {
    let barriers = order([
      HazardTracker.Access(buffer: source, range: from..<from + count, isWrite: false),
      HazardTracker.Access(buffer: target, range: to..<to + count, isWrite: true),
    ])
    var region = VkBufferCopy(srcOffset: VkDeviceSize(from), dstOffset: VkDeviceSize(to), size: VkDeviceSize(count))
    vkCmdCopyBuffer(commands, source, target, 1, &region)
    return barriers
  }

  /// Records that a word is written once everything before is done.
  mutating func mark(_ target: VkBuffer, _ offset: Int, with word: UInt32) {
    barrier()
    hazards.reset()
    vkCmdFillBuffer(commands, target, VkDeviceSize(offset), 4, word)
  }

  /// Records that the host may read what was written.
  mutating func showToHost() {
    barrier(to: VK_PIPELINE_STAGE_HOST_BIT, access: VK_ACCESS_HOST_READ_BIT.rawValue)
  }

  /// Whether the device's time of one more call can be taken.
  var hasTimestamps: Bool { slot.timestamps?.isFull != true }

  /// Records that the device's time of what follows is taken under a label, until another one comes or
  /// ``endTiming()``. It begins after all that was recorded before.
  mutating func beginTiming(_ label: Int) throws {
    guard timed != label else { return }
    endTiming()
    barrier()
    hazards.reset()
    try slot.makeTimestamps().begin(label, in: commands)
    timed = label
  }

  /// Records that the time ends here.
  mutating func endTiming() {
    if timed != nil { slot.timestamps?.end(in: commands) }
    timed = nil
  }

  private mutating func order(_ accesses: [HazardTracker.Access]) -> Int {
    guard hazards.needsBarrier(before: accesses), ordersCommands else { return 0 }
    barrier()
    return 1
  }

  private func barrier(to stage: VkPipelineStageFlagBits? = nil, access: UInt32? = nil) {
    let stages = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT.rawValue | VK_PIPELINE_STAGE_TRANSFER_BIT.rawValue
    let writes = VK_ACCESS_SHADER_WRITE_BIT.rawValue | VK_ACCESS_TRANSFER_WRITE_BIT.rawValue
    let reads = VK_ACCESS_SHADER_READ_BIT.rawValue | VK_ACCESS_TRANSFER_READ_BIT.rawValue
    var barrier = VkMemoryBarrier()
    barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER
    barrier.srcAccessMask = writes
    barrier.dstAccessMask = access ?? (reads | writes)
    vkCmdPipelineBarrier(commands, stages, stage?.rawValue ?? stages, 0, 1, &barrier, 0, nil, 0, nil)
  }
}
