// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore
import Synchronization

/// Hands out parts of large blocks of device memory.
///
/// A part that is given back can be handed out at once, while earlier commands still use it: all commands run on one
/// queue, and the recorder puts a barrier between two that touch the same bytes.
///
/// A pool may stand on another one, which lends it what it needs: so a recording has memory that no one else gets, out
/// of what was reserved for all.
package final class MemoryPool: @unchecked Sendable {
  // Sendable: the slabs are only touched under the lock.
  private let context: DeviceContext
  private let lender: MemoryPool?
  private let lock = Mutex(())
  private var slabs: [MemorySlab] = []

  /// Parts begin at multiples of this, the most that any device asks for.
  static let alignment = 256
  /// Small buffers share blocks of this size; larger ones get a block of their own size.
  static let blockByteCount = 64 << 20
  /// What a pool that stands on another one borrows for small buffers.
  private static let loanByteCount = 16 << 20
  /// Reserved blocks are larger than others, since fewer gaps remain in them; but not so large that one small buffer
  /// that outlives a job keeps much from being given back.
  private static let reservedBlockByteCount = 256 << 20
  /// Free ranges smaller than this are gaps, with which a reservation does not reckon.
  private static let leastUsefulByteCount = 4 << 20

  /// A pool on the device.
  init(context: DeviceContext) {
    self.context = context
    lender = nil
  }

  /// A pool on another one.
  init(borrowingFrom lender: MemoryPool) {
    context = lender.context
    self.lender = lender
  }

  /// The bytes that the device gave, in use or not.
  package var reservedByteCount: Int { lock.withLock { _ in slabs.reduce(0) { $0 + $1.range.count } } }
  /// The bytes that no buffer uses.
  package var freeByteCount: Int { lock.withLock { _ in freeByteCount(inRangesFrom: 0) } }

  /// The most bytes that the device gives in one piece.
  var largestBlockByteCount: Int { min(context.description.memoryByteCount, context.physical.maxAllocationByteCount) }

  /// - Throws: `BackendError.insufficientMemory` if the device does not have that much left, or could never have;
  ///   `BackendError.outOfMemory` if its driver refuses.
  func makeBuffer(byteCount: Int) throws -> VulkanBuffer {
    let limit = largestBlockByteCount - Self.alignment
    guard byteCount <= limit else {
      throw BackendError.insufficientMemory(
        MemoryShortage(backend: context.name, limit: .buffer, neededBytes: byteCount, fittingBytes: limit))
    }
    // Four bytes at least, and whole words: shaders read 16-bit elements in pairs.
    let size = max(byteCount, 4).roundedUp(toMultipleOf: Self.alignment)
    let (slab, range) = try lock.withLock { _ in try take(size) }
    return VulkanBuffer(slab: slab, range: range, byteCount: byteCount, pool: self)
  }

  func release(_ range: Range<Int>, of slab: MemorySlab) { lock.withLock { _ in slab.release(range) } }

  /// Gives unused blocks back to the device, which must have finished all work.
  func trim() { lock.withLock { _ in slabs.removeAll(where: \.isUnused) } }

  // MARK: Reservation

  /// Whether what is free should suffice for a job.
  func holds(_ demand: MemoryDemand) -> Bool { lock.withLock { _ in missingByteCount(for: demand) == 0 } }

  /// Takes from the device what a job needs beside what is free, in whole blocks of 64 MiB, as far as there is so much.
  ///
  /// What the driver refuses is left to the job, which may get by with less.
  func reserve(_ demand: MemoryDemand) throws {
    try lock.withLock { _ in
      let wanted = missingByteCount(for: demand).roundedUp(toMultipleOf: Self.blockByteCount)
      var missing = min(wanted, context.remainingByteCount)
      // Room for a large operand and a result of its size, where the device gives so much in one piece.
      var size = min(max(Self.reservedBlockByteCount, 2 * demand.largestBufferBytes), largestBlockByteCount)
      while missing >= Self.leastUsefulByteCount {
        do {
          try addBlock(min(size, missing))
          missing -= min(size, missing)
        } catch BackendError.outOfMemory {
          size /= 2
          guard size >= max(Self.blockByteCount, demand.largestBufferBytes) else { return }
        }
      }
    }
  }

  private func missingByteCount(for demand: MemoryDemand) -> Int {
    let missing = max(0, demand.peakBytes - freeByteCount(inRangesFrom: Self.leastUsefulByteCount))
    let largest = slabs.reduce(0) { max($0, $1.free.map(\.count).max() ?? 0) }
    return demand.largestBufferBytes <= largest ? missing : max(missing, demand.largestBufferBytes)
  }

  // MARK: Under the lock

  private func freeByteCount(inRangesFrom least: Int) -> Int {
    slabs.reduce(0) { $0 + $1.free.reduce(0) { $0 + ($1.count >= least ? $1.count : 0) } }
  }

  private func bestFit(_ size: Int) -> (slab: MemorySlab, range: Range<Int>)? {
    var best: (slab: MemorySlab, range: Range<Int>)?
    for slab in slabs {
      if let range = slab.bestFit(size), range.count < best?.range.count ?? Int.max { best = (slab, range) }
    }
    return best
  }

  private func take(_ size: Int) throws -> (MemorySlab, Range<Int>) {
    if bestFit(size) == nil {
      if let lender {
        let wanted = size > Self.loanByteCount / 2 ? size : Self.loanByteCount
        slabs.append(MemorySlab(try lender.lend(wanted, least: size)))
      } else {
        try grow(for: size)
      }
    }
    guard let best = bestFit(size) else {
      throw BackendError.outOfMemory(backend: familyName, requestedBytes: size)
    }
    best.slab.take(size, from: best.range)
    return (best.slab, best.range.lowerBound..<best.range.lowerBound + size)
  }

  /// A buffer for another pool: of the size that is wanted, or of the least one if there is room for no more.
  private func lend(_ wanted: Int, least: Int) throws -> VulkanBuffer {
    let (slab, range) = try lock.withLock { _ in
      try take(bestFit(wanted) == nil && bestFit(least) != nil ? least : wanted)
    }
    return VulkanBuffer(slab: slab, range: range, byteCount: range.count, pool: self)
  }

  private func grow(for size: Int) throws {
    let shared = min(Self.blockByteCount, context.physical.maxAllocationByteCount)
    let remaining = context.remainingByteCount
    let wanted = size > shared / 2 ? size : shared
    // Where little is left, a smaller block may still fit.
    let byteCount = wanted <= remaining ? wanted : max(size, min(remaining, Self.leastUsefulByteCount))
    // A driver may serve what its own memory cannot hold from the host's, where it is slow: refuse instead.
    guard byteCount <= remaining else {
      throw BackendError.insufficientMemory(
        MemoryShortage(backend: context.name, limit: .total, neededBytes: byteCount, fittingBytes: remaining))
    }
    try addBlock(byteCount)
  }

  private func addBlock(_ byteCount: Int) throws {
    slabs.append(
      MemorySlab(
        try MemoryBlock(
          byteCount: byteCount, context: context, required: VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT.rawValue)))
  }
}

/// A part of a block. It goes back to its pool with the last reference.
final class VulkanBuffer: Buffer, @unchecked Sendable {
  // Sendable: nothing in it changes; the slab's list of free ranges is the pool's affair.
  let byteCount: Int
  let range: Range<Int>
  let pool: MemoryPool
  private let slab: MemorySlab

  /// The block, whose Vulkan buffer it is a part of.
  var block: MemoryBlock { slab.block }

  init(slab: MemorySlab, range: Range<Int>, byteCount: Int, pool: MemoryPool) {
    self.slab = slab
    self.range = range
    self.byteCount = byteCount
    self.pool = pool
  }

  deinit { pool.release(range, of: slab) }
}
