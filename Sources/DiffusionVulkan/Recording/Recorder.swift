// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore
import Glibc
import Synchronization

/// Records commands in the order of the calls and hands them to the device in batches.
///
/// Only reading back waits. Commands run in order as far as they touch the same bytes: a barrier stands between those
/// that do, and before each batch.
final class Recorder: DeviceTimer, @unchecked Sendable {
  // Sendable: all state is touched under the lock only.
  let context: DeviceContext
  private let lock = Mutex(())
  private let staging: StagingRing
  private var slots: [CommandSlot] = []
  private var current: Batch?
  /// The commands that are kept instead of run, while there are such.
  private var capture: Capture?
  private var submitted: UInt64 = 0
  private var completed: UInt64 = 0
  /// Whether replayed commands were handed over after the last batch, whose fence thus says nothing about them.
  private var hasUnfencedWork = false
  private var counts = VulkanStatistics()
  /// The labels under which threads' commands are timed, while there are any.
  private var labels: [pthread_t: Int] = [:]
  /// The device's seconds of each label, of the batches that were waited for.
  private var seconds: [Int: Double] = [:]

  private static let slotCount = 4
  /// How many dispatches go into one batch at most.
  private static let dispatchesPerBatch = 128
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

  /// Records a dispatch.
  func dispatch(_ dispatch: Batch.Dispatch) throws {
    try locked {
      if let capture, capture.isOfThisThread { return try capture.record(dispatch) }
      try record { try $0.record(dispatch) }
      counts.dispatches += 1
      counts.operations += dispatch.work
      counts.bytes += dispatch.byteCount
      if let current, current.dispatches >= Self.dispatchesPerBatch || current.work >= workPerBatch { try submit() }
    }
  }

  /// Copies bytes from the host into a buffer, in the order of the calls.
  ///
  /// - Parameter isConstant: whether a replay wants the same bytes; then it is done at once, also within a capture.
  func upload(_ bytes: UnsafeRawBufferPointer, to buffer: VulkanBuffer, isConstant: Bool = false) throws {
    guard let base = bytes.baseAddress else { return }
    try locked {
      if !isConstant { try refuseInCapture() }
      var done = 0
      while done < bytes.count {
        let count = min(bytes.count - done, StagingRing.chunkByteCount)
        let (chunk, start) = try staging.room(for: count, completed: completed, wait: { try wait(for: $0) })
        (chunk.pointer + start).copyMemory(from: base + done, byteCount: count)
        let target = buffer.range.lowerBound + done
        try record { $0.copy(chunk.block.buffer, start, to: buffer.block.buffer, target, count) }
        chunk.lastSubmission = submitted + 1
        done += count
      }
    }
  }

  /// Waits for everything recorded and copies bytes from a buffer to the host.
  ///
  /// Behind the bytes the device writes a word of which the host knows what it must be. When a device is lost, waiting
  /// for it may succeed although it has not done its work; then the word is missing, and nothing is given out.
  func read(_ buffer: VulkanBuffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    try locked {
      try refuseInCapture()
      let markByteCount = 16
      var done = 0
      while done < target.count {
        let count = min(target.count - done, StagingRing.chunkByteCount - markByteCount)
        let markOffset = count.roundedUp(toMultipleOf: markByteCount)
        let (chunk, start) = try staging.room(
          for: markOffset + markByteCount, completed: completed, wait: { try wait(for: $0) })
        let mark = UInt32(truncatingIfNeeded: submitted) | 1
        let marked = chunk.pointer + start + markOffset
        marked.storeBytes(of: 0, as: UInt32.self)
        let source = buffer.range.lowerBound + byteOffset + done
        let isLost = context.health.isDue(.silently)
        try record { batch in
          let barriers = batch.copy(buffer.block.buffer, source, to: chunk.block.buffer, start, count)
          if !isLost { batch.mark(chunk.block.buffer, start + markOffset, with: mark) }
          batch.showToHost()
          return barriers
        }
        chunk.lastSubmission = submitted + 1
        try submit()
        try wait(for: submitted)
        guard marked.load(as: UInt32.self) == mark else {
          throw context.health.fail(
            .deviceLost(backend: context.name, reason: "the device ended a batch that it had not completed"))
        }
        UnsafeMutableRawBufferPointer(rebasing: target[done..<done + count]).copyMemory(
          from: UnsafeRawBufferPointer(start: chunk.pointer + start, count: count))
        done += count
      }
    }
  }

  /// What uploads and reads will take of the device's memory.
  var missingStagingByteCount: Int { lock.withLock { _ in staging.missingByteCount } }

  /// Makes the memory that uploads and reads go through, if there is none.
  func prepareStaging() throws { try locked { try staging.prepare() } }

  /// Waits for everything recorded.
  ///
  /// - Parameter body: called while all is done and nobody can record.
  func finish(then body: () -> Void = {}) throws {
    try locked {
      try submit()
      try wait(for: submitted)
      body()
    }
  }

  // MARK: Capture and replay

  /// Thrown by what cannot be captured, and caught by whoever began the capture.
  struct Uncapturable: Error {}

  /// From now on, what this thread records is kept instead of run.
  ///
  /// - Parameter arena: the memory for what this thread allocates meanwhile.
  /// - Returns: whether it is so; there is one capture at a time.
  func beginCapture(_ arena: MemoryPool) throws -> Bool {
    try locked {
      guard capture == nil else { return false }
      capture = Capture(
        arena: arena, context: context, workPerBatch: workPerBatch, ordersCommands: ordersCommands)
      return true
    }
  }

  /// Ends this thread's capture.
  func endCapture() throws -> Capture {
    try locked {
      guard let capture else { throw Uncapturable() }
      self.capture = nil
      try capture.finish()
      return capture
    }
  }

  /// Ends this thread's capture and forgets its commands.
  func abandonCapture() { lock.withLock { _ in capture = nil } }

  /// Where this thread's buffers come from, if it captures.
  var arena: MemoryPool? {
    lock.withLock { _ in capture.flatMap { $0.isOfThisThread ? $0.arena : nil } }
  }

  /// Runs captured commands, after all that was recorded before.
  ///
  /// - Returns: the submission that will have a fence behind them.
  func replay(_ captured: Capture) throws -> UInt64 {
    try locked {
      if current != nil { try submit() }
      for slot in captured.slots { try slot.submit(withFence: false) }
      hasUnfencedWork = true
      counts.add(captured.counts)
      counts.replays += 1
      counts.submissions += captured.slots.count
      return submitted + 1
    }
  }

  /// Waits until a submission is complete, or until nothing runs any more if that fails.
  func settle(_ submission: UInt64) {
    lock.withLock { _ in
      guard submission > completed else { return }
      do { try wait(for: submission) } catch { vkDeviceWaitIdle(context.handle) }
    }
  }

  // MARK: Time on the device

  func measure<R>(_ label: Int, _ body: () throws -> R) throws -> R {
    let thread = pthread_self()
    let outer = lock.withLock { _ in labels.updateValue(label, forKey: thread) }
    defer {
      lock.withLock { _ in
        current?.endTiming()
        labels[thread] = outer
      }
    }
    return try body()
  }

  func takeSeconds() throws -> [Int: Double] {
    try locked {
      try submit()
      try wait(for: submitted)
      defer { seconds = [:] }
      return seconds
    }
  }

  // MARK: Under the lock

  private func locked<R>(_ body: () throws -> R) throws -> R {
    try lock.withLock { _ in
      try context.ensureUsable()
      do { return try body() } catch BackendError.deviceFailure(let backend, let reason) {
        // Something of a batch is missing, so what comes later is wrong as well.
        throw context.health.fail(.deviceFailure(backend: backend, reason: reason))
      }
    }
  }

  private func refuseInCapture() throws {
    // Bytes from the host would be the same in each replay, which is not what the caller means; reading needs a result.
    if let capture, capture.isOfThisThread { throw Uncapturable() }
  }

  /// Records into the current batch, beginning one if there is none; `body` gives the number of barriers.
  private func record(_ body: (inout Batch) throws -> Int) throws {
    let label = labels.isEmpty ? nil : labels[pthread_self()]
    if label != nil, current?.hasTimestamps == false { try submit() }
    var batch = try current ?? makeBatch()
    current = nil
    defer { current = batch }
    if let label { try batch.beginTiming(label) } else { batch.endTiming() }
    counts.barriers += try body(&batch)
  }

  private func makeBatch() throws -> Batch {
    let slot: CommandSlot
    if slots.count < Self.slotCount {
      slot = try CommandSlot(context: context, maxDispatches: Self.dispatchesPerBatch)
      slots.append(slot)
    } else {
      slot = slots.removeFirst()
      slots.append(slot)
      try wait(for: slot.submission)
    }
    return try Batch(slot: slot, ordersCommands: ordersCommands)
  }

  private func submit() throws {
    guard var batch = try current ?? (hasUnfencedWork ? makeBatch() : nil) else { return }
    current = nil
    batch.endTiming()
    try batch.slot.end()
    try batch.slot.submit(withFence: true)
    hasUnfencedWork = false
    submitted += 1
    batch.slot.submission = submitted
    counts.submissions += 1
  }

  /// Waits for a submission, submitting it first if it is still being recorded.
  private func wait(for submission: UInt64) throws {
    if submission > submitted { try submit() }
    for slot in slots where slot.submission > completed && slot.submission <= submission {
      try slot.wait()
      try slot.timestamps?.take(into: &seconds)
    }
    completed = max(completed, min(submission, submitted))
  }
}
