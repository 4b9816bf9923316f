import CVulkan
import DiffusionCore
import Synchronization

/// Hands out parts of large blocks of device memory.
///
/// A part that is given back can be handed out at once, while earlier commands still use it: all commands run on one
/// queue, and the recorder puts a barrier between two that touch the same bytes.
package final class MemoryPool: @unchecked Sendable {
  // Sendable: the blocks are only touched under the lock.
  private let context: DeviceContext
  private let lock = Mutex(())
  private var blocks: [MemoryBlock] = []

  /// Parts begin at multiples of this, the most that any device asks for.
  static let alignment = 256
  /// Small buffers share blocks of this size; larger ones get a block of their own size.
  static let blockByteCount = 64 << 20

  init(context: DeviceContext) { self.context = context }

  /// The bytes that the device gave, in use or not.
  package var reservedByteCount: Int { lock.withLock { _ in blocks.reduce(0) { $0 + $1.byteCount } } }
  /// The bytes of blocks that no buffer uses.
  package var freeByteCount: Int {
    lock.withLock { _ in blocks.reduce(0) { $0 + $1.free.reduce(0) { $0 + $1.count } } }
  }

  /// The most bytes that the device gives in one piece.
  var largestBlockByteCount: Int { min(context.description.memoryByteCount, context.physical.maxAllocationByteCount) }

  /// - Throws: `BackendError.insufficientMemory` if the device has not that much left, or could never have;
  ///   `BackendError.outOfMemory` if its driver refuses.
  func makeBuffer(byteCount: Int) throws -> VulkanBuffer {
    let limit = largestBlockByteCount - Self.alignment
    guard byteCount <= limit else {
      throw BackendError.insufficientMemory(
        MemoryShortage(backend: context.name, limit: .buffer, neededBytes: byteCount, fittingBytes: limit))
    }
    // Four bytes at least, and whole words: shaders read 16-bit elements in pairs.
    let size = (max(byteCount, 4) + Self.alignment - 1) / Self.alignment * Self.alignment
    let (block, range) = try lock.withLock { _ in try take(size) }
    return VulkanBuffer(block: block, range: range, byteCount: byteCount, pool: self)
  }

  private func take(_ size: Int) throws -> (MemoryBlock, Range<Int>) {
    var best: (block: MemoryBlock, range: Range<Int>)?
    for block in blocks {
      if let range = block.bestFit(size), range.count < best?.range.count ?? Int.max { best = (block, range) }
    }
    if best == nil {
      let shared = min(Self.blockByteCount, context.physical.maxAllocationByteCount)
      let remaining = context.remainingByteCount
      let wanted = size > shared / 2 ? size : shared
      // Where little is left, a smaller block may still fit.
      let byteCount = wanted <= remaining ? wanted : max(size, min(remaining, 4 << 20))
      // A driver may serve what its own memory cannot hold from the host's, where it is slow: refuse instead.
      guard byteCount <= remaining else {
        throw BackendError.insufficientMemory(
          MemoryShortage(backend: context.name, limit: .total, neededBytes: byteCount, fittingBytes: remaining))
      }
      let block = try MemoryBlock(
        byteCount: byteCount, context: context,
        required: VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT.rawValue)
      blocks.append(block)
      best = (block, 0..<block.byteCount)
    }
    guard let best else { throw BackendError.outOfMemory(backend: familyName, requestedBytes: size) }
    best.block.take(size, from: best.range)
    return (best.block, best.range.lowerBound..<best.range.lowerBound + size)
  }

  func release(_ range: Range<Int>, of block: MemoryBlock) { lock.withLock { _ in block.release(range) } }

  /// Gives unused blocks back to the device, which must have finished all work.
  func trim() { lock.withLock { _ in blocks.removeAll(where: \.isUnused) } }
}

/// A part of a block. It goes back to its pool with the last reference.
final class VulkanBuffer: Buffer, @unchecked Sendable {
  // Sendable: nothing in it changes; the block's list of free ranges is the pool's affair.
  let byteCount: Int
  let block: MemoryBlock
  let range: Range<Int>
  let pool: MemoryPool

  init(block: MemoryBlock, range: Range<Int>, byteCount: Int, pool: MemoryPool) {
    self.block = block
    self.range = range
    self.byteCount = byteCount
    self.pool = pool
  }

  deinit { pool.release(range, of: block) }
}
