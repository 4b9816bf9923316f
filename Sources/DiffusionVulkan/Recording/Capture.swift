// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore
import Glibc

/// Commands that were recorded once, to be run any number of times.
///
/// What a captured command touches must stay as it is between runs. So the buffers made during the capture come from
/// memory of its own, which no one else gets, and the others are kept alive. Addresses, sizes and push constants are
/// part of the commands; only the content of buffers can differ from run to run.
final class Capture {
  /// The memory for buffers that are made during the capture.
  let arena: MemoryPool
  /// The command buffers, in order.
  private(set) var slots: [CommandSlot] = []
  /// What one run adds to the statistics.
  private(set) var counts = VulkanStatistics()

  /// Larger than an ordinary batch: the device need not wait for the host to record the rest.
  private static let dispatchesPerBatch = 1024

  private let context: DeviceContext
  private let workPerBatch: Double
  private let ordersCommands: Bool
  private let thread = pthread_self()
  private var current: Batch?
  private var kept: [ObjectIdentifier: VulkanBuffer] = [:]

  init(arena: MemoryPool, context: DeviceContext, workPerBatch: Double, ordersCommands: Bool) {
    self.arena = arena
    self.context = context
    self.workPerBatch = workPerBatch
    self.ordersCommands = ordersCommands
  }

  /// Whether the calling thread's commands are captured; those of others are not.
  var isOfThisThread: Bool { pthread_equal(thread, pthread_self()) != 0 }

  func record(_ dispatch: Batch.Dispatch) throws {
    for window in dispatch.windows where window.buffer.pool !== arena {
      kept[ObjectIdentifier(window.buffer)] = window.buffer
    }
    var batch = try current ?? makeBatch()
    current = nil
    counts.barriers += try batch.record(dispatch)
    counts.dispatches += 1
    counts.operations += dispatch.work
    counts.bytes += dispatch.byteCount
    current = batch
    if batch.dispatches >= Self.dispatchesPerBatch || batch.work >= workPerBatch { try finish() }
  }

  /// Ends the last command buffer.
  func finish() throws {
    try current?.slot.end()
    current = nil
  }

  private func makeBatch() throws -> Batch {
    let slot = try CommandSlot(context: context, maxDispatches: Self.dispatchesPerBatch, isReusable: true)
    slots.append(slot)
    return try Batch(slot: slot, ordersCommands: ordersCommands)
  }
}
