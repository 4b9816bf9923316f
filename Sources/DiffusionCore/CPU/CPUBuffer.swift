import Glibc
import Synchronization

/// Host memory: either allocated, and given back to its pool at the end, or borrowed from an owner such as a mapping.
final class CPUBuffer: Buffer, @unchecked Sendable {
  // Sendable: a buffer is written by one operation before anyone else holds it, and only read afterwards.
  let pointer: UnsafeMutableRawPointer
  let byteCount: Int
  private let capacity: Int
  private let pool: CPUMemoryPool?
  private let owner: (any AnyObject & Sendable)?

  init(pointer: UnsafeMutableRawPointer, byteCount: Int, capacity: Int, pool: CPUMemoryPool) {
    self.pointer = pointer
    self.byteCount = byteCount
    self.capacity = capacity
    self.pool = pool
    self.owner = nil
  }

  init(borrowing bytes: UnsafeRawBufferPointer, base: UnsafeRawPointer, owner: any AnyObject & Sendable) {
    self.pointer = UnsafeMutableRawPointer(mutating: base)
    self.byteCount = bytes.count
    self.capacity = 0
    self.pool = nil
    self.owner = owner
  }

  deinit { pool?.recycle(pointer, capacity: capacity) }
}

/// Keeps freed blocks for the next tensor of about the same size: fresh pages cost more than most operations on them.
final class CPUMemoryPool: Sendable {
  private struct Block {
    let address: UInt
    let capacity: Int
  }

  private struct State {
    /// In the order in which they were freed.
    var blocks: [Block] = []
    var cachedBytes = 0
  }

  private let state = Mutex(State())
  /// How much freed memory is kept at most, and in how many blocks.
  let cacheLimit: Int
  private let blockLimit = 1024

  init(cacheLimit: Int = 512 << 20) { self.cacheLimit = cacheLimit }

  deinit { trim() }

  func makeBuffer(byteCount: Int) throws -> CPUBuffer {
    guard byteCount <= Int.max / 4 else {
      throw BackendError.outOfMemory(backend: "cpu", requestedBytes: byteCount)
    }
    let capacity = Self.capacity(for: byteCount)
    if let block = state.withLock({ Self.take(capacity, from: &$0) }),
      let pointer = UnsafeMutableRawPointer(bitPattern: block.address)
    {
      return CPUBuffer(pointer: pointer, byteCount: byteCount, capacity: block.capacity, pool: self)
    }
    guard
      let pointer = Self.allocate(capacity)
        ?? {
          trim(); return Self.allocate(capacity)
        }()
    else {
      throw BackendError.outOfMemory(backend: "cpu", requestedBytes: byteCount)
    }
    return CPUBuffer(pointer: pointer, byteCount: byteCount, capacity: capacity, pool: self)
  }

  /// The smallest block that holds the capacity and not a quarter more; among equals the one freed last, which may
  /// still be in the processor's cache.
  private static func take(_ capacity: Int, from state: inout State) -> Block? {
    var best: Int?
    for index in state.blocks.indices.reversed() {
      let candidate = state.blocks[index].capacity
      guard candidate >= capacity, candidate <= capacity + capacity / 4 else { continue }
      if let best, state.blocks[best].capacity <= candidate { continue }
      best = index
      if candidate == capacity { break }
    }
    guard let best else { return nil }
    let block = state.blocks.remove(at: best)
    state.cachedBytes -= block.capacity
    return block
  }

  /// Large blocks ask for large pages: products walk through megabytes in an order that small pages make a search for
  /// translations of.
  private static func allocate(_ capacity: Int) -> UnsafeMutableRawPointer? {
    let largePage = 2 << 20
    var pointer: UnsafeMutableRawPointer?
    guard posix_memalign(&pointer, capacity >= largePage ? largePage : 64, capacity) == 0 else { return nil }
    if capacity >= largePage { madvise(pointer, capacity / largePage * largePage, MADV_HUGEPAGE) }
    return pointer
  }

  /// Takes a block back. Those that were freed longest ago make room for it: a network's levels differ in their sizes,
  /// and what the level before left is not what this one asks for.
  func recycle(_ pointer: UnsafeMutableRawPointer, capacity: Int) {
    guard capacity <= cacheLimit else { return free(pointer) }
    let evicted = state.withLock { state in
      state.blocks.append(Block(address: UInt(bitPattern: pointer), capacity: capacity))
      state.cachedBytes += capacity
      var count = 0
      while state.cachedBytes > cacheLimit || state.blocks.count - count > blockLimit {
        state.cachedBytes -= state.blocks[count].capacity
        count += 1
      }
      defer { state.blocks.removeFirst(count) }
      return Array(state.blocks.prefix(count))
    }
    for block in evicted { free(UnsafeMutableRawPointer(bitPattern: block.address)) }
  }

  /// Gives all cached memory back to the system.
  func trim() {
    let blocks = state.withLock { state in
      defer { state = State() }
      return state.blocks
    }
    for block in blocks { free(UnsafeMutableRawPointer(bitPattern: block.address)) }
  }

  /// Rounds up to an eighth of a power of two, so that near sizes share blocks and at most an eighth is wasted.
  static func capacity(for byteCount: Int) -> Int {
    let size = max(byteCount, 64)
    let step = max(64, 1 << (Int.bitWidth - 1 - size.leadingZeroBitCount - 3))
    return (size + step - 1) / step * step
  }
}
