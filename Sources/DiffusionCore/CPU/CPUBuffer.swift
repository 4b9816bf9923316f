// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Host memory: either allocated, and given back to its pool at the end, or borrowed from an owner such as a mapping.
final class CPUBuffer: Buffer, @unchecked Sendable {
  // Sendable: a buffer is written by one operation before anyone else holds it, and only read afterwards.
  let pointer: UnsafeMutableRawPointer
  let byteCount: Int
  /// What a backend that only counts notes when the buffer is used.
  let pages: MappedPages?
  private let capacity: Int
  private let pool: CPUMemoryPool?
  private let owner: (any AnyObject & Sendable)?

  init(pointer: UnsafeMutableRawPointer, byteCount: Int, capacity: Int, pool: CPUMemoryPool) {
    self.pointer = pointer
    self.byteCount = byteCount
    self.capacity = capacity
    self.pool = pool
    self.owner = nil
    self.pages = nil
  }

  init(borrowing bytes: UnsafeRawBufferPointer, base: UnsafeRawPointer, owner: any AnyObject & Sendable) {
    self.pointer = UnsafeMutableRawPointer(mutating: base)
    self.byteCount = bytes.count
    self.capacity = 0
    self.pool = nil
    self.owner = owner
    self.pages = nil
  }

  /// Stands for weights in a mapped file, on a backend that only counts. The address must not be looked at.
  init(standingFor pages: MappedPages, byteCount: Int, at pointer: UnsafeMutableRawPointer) {
    self.pointer = pointer
    self.byteCount = byteCount
    self.capacity = 0
    self.pool = nil
    self.owner = nil
    self.pages = pages
  }

  deinit { pool?.recycle(pointer, capacity: capacity) }
}

/// Keeps freed blocks for the next tensor of about the same size: fresh pages cost more than most operations on them.
final class CPUMemoryPool: Sendable {
  /// Where blocks come from.
  enum Source: Sendable {
    /// The system.
    case system
    /// Nowhere: addresses that nothing lies at, for counting.
    case nowhere
  }

  private let source: Source
  private let cache: Mutex<BlockCache>
  /// What all blocks add up to.
  let account: MemoryAccount

  init(cacheLimit: Int = 512 << 20, source: Source = .system, account: MemoryAccount = MemoryAccount()) {
    self.source = source
    self.account = account
    cache = Mutex(BlockCache(byteLimit: cacheLimit))
  }

  deinit { trim() }

  func makeBuffer(byteCount: Int) throws -> CPUBuffer {
    guard byteCount <= Int.max / 4 else {
      throw BackendError.outOfMemory(backend: "cpu", requestedBytes: byteCount)
    }
    let capacity = BlockCache.capacity(for: byteCount)
    if let block = cache.withLock({ $0.take(capacity) }),
      let pointer = UnsafeMutableRawPointer(bitPattern: block.address)
    {
      account.take(block.capacity, wasKept: true)
      return CPUBuffer(pointer: pointer, byteCount: byteCount, capacity: block.capacity, pool: self)
    }
    let dropped = cache.withLock { cache in
      let dropped = cache.makeRoom(
        for: capacity, live: account.liveByteCount, mostLive: account.mostLiveByteCount)
      account.drop(dropped.reduce(0) { $0 + $1.capacity })
      return dropped
    }
    release(dropped)
    guard
      let pointer = allocate(capacity)
        ?? {
          trim(); return allocate(capacity)
        }()
    else {
      throw BackendError.outOfMemory(backend: "cpu", requestedBytes: byteCount)
    }
    account.take(capacity)
    return CPUBuffer(pointer: pointer, byteCount: byteCount, capacity: capacity, pool: self)
  }

  /// An address for operands of a backend that only counts: aligned for everything, and never looked at.
  static var nowhere: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: 1 << 40) }

  /// Large blocks ask for large pages: products walk through megabytes in an order that small pages make a search for
  /// translations of.
  private func allocate(_ capacity: Int) -> UnsafeMutableRawPointer? {
    guard source == .system else { return Self.nowhere }
    if capacity >= Self.largePage { return map(capacity) }
    var pointer: UnsafeMutableRawPointer?
    guard posix_memalign(&pointer, 64, capacity) == 0 else { return nil }
    return pointer
  }

  /// Pages of their own, which go back to the system at once: the C library keeps what lies between blocks in use.
  private func map(_ capacity: Int) -> UnsafeMutableRawPointer? {
    let page = Self.largePage
    let mapped = mmap(nil, capacity + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped, mapped != MAP_FAILED else { return nil }
    let before = (page - Int(bitPattern: mapped) % page) % page
    let start = mapped + before
    // What is too much before and behind; sizes are multiples of small pages.
    if before > 0 { munmap(mapped, before) }
    if page > before { munmap(start + capacity, page - before) }
    madvise(start, capacity / page * page, MADV_HUGEPAGE)
    return start
  }

  private static let largePage = 2 << 20

  private func release(_ blocks: [BlockCache.Block]) {
    guard source == .system else { return }
    for block in blocks {
      let pointer = UnsafeMutableRawPointer(bitPattern: block.address)
      if block.capacity >= Self.largePage { munmap(pointer, block.capacity) } else { free(pointer) }
    }
  }

  /// Takes a block back.
  func recycle(_ pointer: UnsafeMutableRawPointer, capacity: Int) {
    let evicted = cache.withLock { cache in
      let evicted = cache.put(BlockCache.Block(address: UInt(bitPattern: pointer), capacity: capacity))
      account.giveBack(capacity, isKept: true)
      account.drop(evicted.reduce(0) { $0 + $1.capacity })
      return evicted
    }
    release(evicted)
  }

  /// Keeps more freed blocks from now on.
  func raiseLimits(byteLimit: Int, blockLimit: Int) {
    cache.withLock { $0.raiseLimits(byteLimit: byteLimit, blockLimit: blockLimit) }
  }

  /// Gives all cached memory back to the system.
  func trim() {
    let blocks = cache.withLock { cache in
      let blocks = cache.removeAll()
      account.drop(blocks.reduce(0) { $0 + $1.capacity })
      return blocks
    }
    release(blocks)
  }
}
