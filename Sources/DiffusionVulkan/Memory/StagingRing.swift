// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore

/// Host-visible memory through which bytes go to and come from the device, in chunks that are reused in turn.
///
/// Used under the recorder's lock only.
package final class StagingRing {
  /// One chunk and the submission that used it last.
  final class Chunk {
    let block: MemoryBlock
    let pointer: UnsafeMutableRawPointer
    var used = 0
    var lastSubmission: UInt64 = 0

    init(block: MemoryBlock, pointer: UnsafeMutableRawPointer) {
      self.block = block
      self.pointer = pointer
    }
  }

  package static let chunkByteCount = 8 << 20
  private static let maxChunks = 4
  /// What the chunks that are not there yet will take.
  var missingByteCount: Int { (Self.maxChunks - chunks.count) * Self.chunkByteCount }

  private let context: DeviceContext
  private var chunks: [Chunk] = []
  /// The chunk being filled.
  private var current: Chunk?

  init(context: DeviceContext) { self.context = context }

  /// Makes one chunk to be filled and one to be read, if there are none.
  func prepare() throws { while chunks.count < 2 { try addChunk() } }

  /// Room for at least one of so many bytes, at most a chunk's: which chunk, and where in it.
  ///
  /// - Parameter wait: waits until a submission is complete; asked for only if all chunks are in use.
  func room(for byteCount: Int, completed: UInt64, wait: (UInt64) throws -> Void) throws -> (Chunk, Int) {
    let size = min(byteCount, Self.chunkByteCount)
    if let current, current.used + size <= Self.chunkByteCount { return (current, take(size, from: current)) }
    let next: Chunk
    if let idle = chunks.first(where: { $0 !== current && $0.lastSubmission <= completed }) {
      next = idle
    } else if chunks.count < Self.maxChunks {
      next = try addChunk()
    } else if let oldest = chunks.min(by: { $0.lastSubmission < $1.lastSubmission }) {
      try wait(oldest.lastSubmission)
      next = oldest
    } else {
      throw BackendError.outOfMemory(backend: familyName, requestedBytes: size)
    }
    next.used = 0
    current = next
    return (next, take(size, from: next))
  }

  @discardableResult
  private func addChunk() throws -> Chunk {
    let block = try MemoryBlock(
      byteCount: Self.chunkByteCount, context: context,
      required: VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT.rawValue | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT.rawValue,
      preferred: VK_MEMORY_PROPERTY_HOST_CACHED_BIT.rawValue)
    guard let pointer = block.hostPointer else {
      throw BackendError.deviceFailure(backend: familyName, reason: "staging memory could not be mapped")
    }
    let chunk = Chunk(block: block, pointer: pointer)
    chunks.append(chunk)
    return chunk
  }

  private func take(_ size: Int, from chunk: Chunk) -> Int {
    let start = chunk.used
    chunk.used += (size + 15) / 16 * 16
    return start
  }
}
