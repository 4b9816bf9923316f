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

/// Keeps freed blocks for the next tensor of the same size: fresh pages cost more than most operations on them.
final class CPUMemoryPool: Sendable {
  private struct State {
    var free: [Int: [UInt]] = [:]
    var cachedBytes = 0
  }

  private let state = Mutex(State())
  /// How much freed memory is kept at most.
  let cacheLimit: Int

  init(cacheLimit: Int = 512 << 20) { self.cacheLimit = cacheLimit }

  deinit { trim() }

  func makeBuffer(byteCount: Int) throws -> CPUBuffer {
    guard byteCount <= Int.max / 4 else {
      throw BackendError.outOfMemory(backend: "cpu", requestedBytes: byteCount)
    }
    let capacity = Self.capacity(for: byteCount)
    let cached = state.withLock { state -> UInt? in
      guard let address = state.free[capacity]?.popLast() else { return nil }
      state.cachedBytes -= capacity
      return address
    }
    if let cached, let pointer = UnsafeMutableRawPointer(bitPattern: cached) {
      return CPUBuffer(pointer: pointer, byteCount: byteCount, capacity: capacity, pool: self)
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

  /// Large blocks ask for large pages: products walk through megabytes in an order that small pages make a search for
  /// translations of.
  private static func allocate(_ capacity: Int) -> UnsafeMutableRawPointer? {
    let largePage = 2 << 20
    var pointer: UnsafeMutableRawPointer?
    guard posix_memalign(&pointer, capacity >= largePage ? largePage : 64, capacity) == 0 else { return nil }
    if capacity >= largePage { madvise(pointer, capacity / largePage * largePage, MADV_HUGEPAGE) }
    return pointer
  }

  func recycle(_ pointer: UnsafeMutableRawPointer, capacity: Int) {
    let kept = state.withLock { state in
      guard state.cachedBytes + capacity <= cacheLimit else { return false }
      state.free[capacity, default: []].append(UInt(bitPattern: pointer))
      state.cachedBytes += capacity
      return true
    }
    if !kept { free(pointer) }
  }

  /// Gives all cached memory back to the system.
  func trim() {
    let blocks = state.withLock { state in
      defer { state = State() }
      return state.free.values.flatMap { $0 }
    }
    for block in blocks { free(UnsafeMutableRawPointer(bitPattern: block)) }
  }

  /// Rounds up to an eighth of a power of two, so that near sizes share blocks and at most an eighth is wasted.
  static func capacity(for byteCount: Int) -> Int {
    let size = max(byteCount, 64)
    let step = max(64, 1 << (Int.bitWidth - 1 - size.leadingZeroBitCount - 3))
    return (size + step - 1) / step * step
  }
}
