import CVulkan
import DiffusionCore
import Synchronization

/// Records commands in the order of the calls and hands them to the device in batches.
///
/// Only reading back waits. Commands run in order as far as they touch the same bytes: a barrier stands between those
/// that do, and before each batch.
final class Recorder: @unchecked Sendable {
  // Sendable: all state is touched under the lock only.
  let context: DeviceContext
  private let lock = Mutex(())
  private let staging: StagingRing
  private var slots: [CommandSlot] = []
  private var current: (slot: CommandSlot, commands: VkCommandBuffer)?
  private var hazards = HazardTracker()
  private var dispatches = 0
  private var work = 0.0
  private var submitted: UInt64 = 0
  private var completed: UInt64 = 0
  /// The first failure: after it nothing on the device can be trusted.
  private var failure: BackendError?
  private var counts = VulkanStatistics()

  private static let slotCount = 4
  /// The floating-point operations after which a batch is submitted, so that the device starts early and no batch
  /// meets a driver's time limit.
  private let workPerBatch: Double

  /// Whether barriers are recorded at all; without them a test can see that the validation layer watches.
  private let ordersCommands: Bool

  init(context: DeviceContext, ordersCommands: Bool = true) {
    self.context = context
    self.ordersCommands = ordersCommands
    staging = StagingRing(context: context)
    workPerBatch = context.description.kind == .discrete ? 2e11 : 1e10
  }

  deinit { vkDeviceWaitIdle(context.handle) }

  /// What was recorded since the last time it was reset.
  var statistics: VulkanStatistics { lock.withLock { _ in counts } }

  func resetStatistics() { lock.withLock { _ in counts = VulkanStatistics() } }

  /// Records a dispatch. The windows are bound in order; the first is the destination.
  func dispatch(
    _ pipeline: PipelineCache.Pipeline, windows: [Window], push: PushConstants, groups: WorkGroups, work amount: Double
  ) throws {
    try locked {
      let (slot, commands) = try recording()
      order(
        commands,
        windows.enumerated().map { index, window in
          HazardTracker.Access(buffer: window.buffer.block.buffer, range: window.range, isWrite: index == 0)
        })
      let set = try slot.descriptorSet(
        pipeline.setLayout,
        windows.map { window in
          VkDescriptorBufferInfo(
            buffer: window.buffer.block.buffer, offset: VkDeviceSize(window.range.lowerBound),
            range: VkDeviceSize(window.range.count))
        })
      vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.handle)
      withUnsafePointer(to: set) {
        vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.layout, 0, 1, $0, 0, nil)
      }
      push.words.withUnsafeBytes {
        vkCmdPushConstants(
          commands, pipeline.layout, VK_SHADER_STAGE_COMPUTE_BIT.rawValue, 0, UInt32($0.count), $0.baseAddress)
      }
      vkCmdDispatch(commands, groups.x, groups.y, groups.z)
      counts.dispatches += 1
      counts.operations += amount
      counts.bytes += windows.reduce(0) { $0 + $1.range.count }
      dispatches += 1
      work += amount
      if dispatches >= CommandSlot.maxDispatches || work >= workPerBatch { try submit() }
    }
  }

  /// Copies bytes from the host into a buffer, in the order of the calls.
  func upload(_ bytes: UnsafeRawBufferPointer, to buffer: VulkanBuffer) throws {
    guard let base = bytes.baseAddress else { return }
    try locked {
      var done = 0
      while done < bytes.count {
        let count = min(bytes.count - done, StagingRing.chunkByteCount)
        let (chunk, start) = try staging.room(for: count, completed: completed, wait: { try wait(for: $0) })
        (chunk.pointer + start).copyMemory(from: base + done, byteCount: count)
        let target = buffer.range.lowerBound + done
        try copy(chunk.block.buffer, start, to: buffer.block.buffer, target, count)
        chunk.lastSubmission = submitted + 1
        done += count
      }
    }
  }

  /// Waits for everything recorded and copies bytes from a buffer to the host.
  func read(_ buffer: VulkanBuffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    try locked {
      var done = 0
      while done < target.count {
        let count = min(target.count - done, StagingRing.chunkByteCount)
        let (chunk, start) = try staging.room(for: count, completed: completed, wait: { try wait(for: $0) })
        let source = buffer.range.lowerBound + byteOffset + done
        try copy(buffer.block.buffer, source, to: chunk.block.buffer, start, count)
        chunk.lastSubmission = submitted + 1
        let (_, commands) = try recording()
        barrier(commands, to: VK_PIPELINE_STAGE_HOST_BIT, access: VK_ACCESS_HOST_READ_BIT.rawValue)
        try submit()
        try wait(for: submitted)
        UnsafeMutableRawBufferPointer(rebasing: target[done..<done + count]).copyMemory(
          from: UnsafeRawBufferPointer(start: chunk.pointer + start, count: count))
        done += count
      }
    }
  }

  /// Waits for everything recorded.
  func finish() throws {
    try locked {
      try submit()
      try wait(for: submitted)
    }
  }

  // MARK: Under the lock

  private func locked(_ body: () throws -> Void) throws {
    try lock.withLock { _ in
      if let failure { throw failure }
      do { try body() } catch {
        if case BackendError.deviceFailure = error { failure = error as? BackendError }
        throw error
      }
    }
  }

  private func copy(_ source: VkBuffer, _ from: Int, to target: VkBuffer, _ to: Int, _ count: Int) throws {
    let (_, commands) = try recording()
    order(
      commands,
      [
        HazardTracker.Access(buffer: source, range: from..<from + count, isWrite: false),
        HazardTracker.Access(buffer: target, range: to..<to + count, isWrite: true),
      ])
    var region = VkBufferCopy(srcOffset: VkDeviceSize(from), dstOffset: VkDeviceSize(to), size: VkDeviceSize(count))
    vkCmdCopyBuffer(commands, source, target, 1, &region)
  }

  private func recording() throws -> (CommandSlot, VkCommandBuffer) {
    if let current { return (current.slot, current.commands) }
    let slot: CommandSlot
    if slots.count < Self.slotCount {
      slot = try CommandSlot(context: context)
      slots.append(slot)
    } else {
      slot = slots.removeFirst()
      slots.append(slot)
      try wait(for: slot.submission)
    }
    let commands = try slot.begin()
    // What earlier batches wrote must be seen by this one.
    barrier(commands)
    hazards.reset()
    current = (slot, commands)
    (dispatches, work) = (0, 0)
    return (slot, commands)
  }

  private func order(_ commands: VkCommandBuffer, _ accesses: [HazardTracker.Access]) {
    if hazards.needsBarrier(before: accesses), ordersCommands {
      barrier(commands)
      counts.barriers += 1
    }
  }

  private func barrier(_ commands: VkCommandBuffer, to stage: VkPipelineStageFlagBits? = nil, access: UInt32? = nil) {
    let stages = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT.rawValue | VK_PIPELINE_STAGE_TRANSFER_BIT.rawValue
    let writes = VK_ACCESS_SHADER_WRITE_BIT.rawValue | VK_ACCESS_TRANSFER_WRITE_BIT.rawValue
    let reads = VK_ACCESS_SHADER_READ_BIT.rawValue | VK_ACCESS_TRANSFER_READ_BIT.rawValue
    var barrier = VkMemoryBarrier()
    barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER
    barrier.srcAccessMask = writes
    barrier.dstAccessMask = access ?? (reads | writes)
    vkCmdPipelineBarrier(commands, stages, stage?.rawValue ?? stages, 0, 1, &barrier, 0, nil, 0, nil)
  }

  private func submit() throws {
    guard let (slot, _) = current else { return }
    current = nil
    try slot.submit()
    submitted += 1
    slot.submission = submitted
    counts.submissions += 1
  }

  /// Waits for a submission, submitting it first if it is still being recorded.
  private func wait(for submission: UInt64) throws {
    if submission > submitted { try submit() }
    for slot in slots where slot.submission > completed && slot.submission <= submission { try slot.wait() }
    completed = max(completed, min(submission, submitted))
  }
}
