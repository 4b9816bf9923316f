import Synchronization

/// How a backend takes memory from the system: what ``MeteringBackend`` imitates.
public struct MeteringRules: Sendable {
  /// What a buffer of so many bytes takes.
  public var blockByteCount: @Sendable (_ byteCount: Int) -> Int
  /// How many bytes of freed blocks are kept at most, each for the next buffer that takes a block of its size.
  public var cacheLimit: Int
  /// Whether weights that lie in a mapped file are used in place; otherwise they are copied.
  public var usesMappings: Bool
  /// What attention takes besides operands and result: queries and keys are `[B, H, N, D]`.
  public var attentionScratch: @Sendable (_ queries: Shape, _ keys: Shape) -> Int
  /// What a convolution or matrix product takes besides operands and result.
  public var productScratch: @Sendable (_ x: Shape, _ weight: Operand, _ out: Shape) -> Int

  /// Exact blocks, nothing kept, no scratch memory: what the tensors themselves take.
  public init(
    blockByteCount: @escaping @Sendable (Int) -> Int = { $0 }, cacheLimit: Int = 0, usesMappings: Bool = true,
    attentionScratch: @escaping @Sendable (Shape, Shape) -> Int = { _, _ in 0 },
    productScratch: @escaping @Sendable (Shape, Operand, Shape) -> Int = { _, _, _ in 0 }
  ) {
    self.blockByteCount = blockByteCount
    self.cacheLimit = cacheLimit
    self.usesMappings = usesMappings
    self.attentionScratch = attentionScratch
    self.productScratch = productScratch
  }
}

/// A backend that computes nothing and counts the memory that computing would take.
///
/// A network that runs on it, with the shapes of a job, tells that job's peak in milliseconds.
public final class MeteringBackend: CallReceiver {
  private struct State {
    var live = 0
    var cached = 0
    var freeBlocks: [Int: Int] = [:]
    var touched = 0
    var generation = 0
    var peak = 0
    var largest = 0
  }

  /// The account that buffers write into, which may outlive the backend.
  private final class Ledger: Sendable {
    let rules: MeteringRules
    let state = Mutex(State())

    init(rules: MeteringRules) { self.rules = rules }

    func take(_ block: Int) {
      state.withLock {
        if let count = $0.freeBlocks[block], count > 0 {
          $0.freeBlocks[block] = count - 1
          $0.cached -= block
        }
        $0.live += block
        $0.largest = max($0.largest, block)
        $0.peak = max($0.peak, $0.live + $0.cached + $0.touched)
      }
    }

    func giveBack(_ block: Int) {
      state.withLock {
        $0.live -= block
        guard $0.cached + block <= rules.cacheLimit else { return }
        $0.cached += block
        $0.freeBlocks[block, default: 0] += 1
      }
    }

    /// Counts pages of a mapping once in each generation; returns the generation.
    func touch(_ byteCount: Int, since generation: Int) -> Int {
      state.withLock {
        if $0.generation != generation {
          $0.touched += byteCount
          $0.peak = max($0.peak, $0.live + $0.cached + $0.touched)
        }
        return $0.generation
      }
    }
  }

  private final class Allocation: Buffer {
    let byteCount: Int
    let block: Int
    let ledger: Ledger

    init(byteCount: Int, ledger: Ledger) {
      self.byteCount = byteCount
      self.ledger = ledger
      block = ledger.rules.blockByteCount(byteCount)
      ledger.take(block)
    }

    deinit { ledger.giveBack(block) }
  }

  private final class Mapping: Buffer {
    let byteCount: Int
    private let seen = Atomic<Int>(-1)

    init(byteCount: Int) { self.byteCount = byteCount }

    func touch(_ ledger: Ledger) {
      let generation = seen.load(ordering: .relaxed)
      seen.store(ledger.touch(byteCount, since: generation), ordering: .relaxed)
    }
  }

  public let name = "metering"
  private let ledger: Ledger

  /// A meter for a backend of those rules.
  public init(rules: MeteringRules = MeteringRules()) { ledger = Ledger(rules: rules) }

  /// The bytes of all living buffers.
  public var liveByteCount: Int { ledger.state.withLock { $0.live } }
  /// The bytes of freed blocks that are kept.
  public var cachedByteCount: Int { ledger.state.withLock { $0.cached } }
  /// The bytes of mapped files that were used since ``releaseMappedPages()``.
  public var mappedByteCount: Int { ledger.state.withLock { $0.touched } }
  /// The most bytes of all three together since ``resetPeak()``.
  public var peakByteCount: Int { ledger.state.withLock { $0.peak } }

  /// The largest buffer so far.
  public var largestByteCount: Int { ledger.state.withLock { $0.largest } }

  /// Begins a new measurement of the peak.
  public func resetPeak() { ledger.state.withLock { $0.peak = $0.live + $0.cached + $0.touched } }

  /// The pages of mapped files go back to the system.
  public func releaseMappedPages() {
    ledger.state.withLock {
      $0.touched = 0
      $0.generation += 1
    }
  }

  public func releaseCachedMemory() {
    ledger.state.withLock {
      $0.cached = 0
      $0.freeBlocks = [:]
    }
  }

  /// A tensor that stands for a weight in a mapped file.
  public func mappedTensor(_ shape: Shape, dtype: DType) -> Tensor {
    let byteCount = shape.elementCount * dtype.byteWidth
    let buffer: any Buffer =
      ledger.rules.usesMappings ? Mapping(byteCount: byteCount) : Allocation(byteCount: byteCount, ledger: ledger)
    return Tensor(Operand(buffer: buffer, view: View(contiguous: shape), dtype: dtype), on: self)
  }

  public func makeBuffer(byteCount: Int) throws -> any Buffer { Allocation(byteCount: byteCount, ledger: ledger) }
  public func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer {
    Allocation(byteCount: bytes.count, ledger: ledger)
  }
  public func makeBuffer(
    mapping bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable
  ) throws -> any Buffer {
    ledger.rules.usesMappings ? Mapping(byteCount: bytes.count) : Allocation(byteCount: bytes.count, ledger: ledger)
  }
  /// Gives zeros.
  public func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    target.initializeMemory(as: UInt8.self, repeating: 0)
  }

  /// Notes what an operation reads, and what it takes while it runs.
  public func receive(_ call: BackendCall) throws {
    for case let operand? in call.operands { (operand.buffer as? Mapping)?.touch(ledger) }
    guard call.operands.count >= 2, let first = call.operands[0], let second = call.operands[1] else { return }
    let scratch =
      switch call.operation {
      case .matmul, .conv2d, .linear, .gatedLinear, .convolution:
        ledger.rules.productScratch(first.shape, second, call.out.shape)
      case .attention: ledger.rules.attentionScratch(first.shape, second.shape)
      default: 0
      }
    if scratch > 0 { _ = Allocation(byteCount: scratch, ledger: ledger) }
  }
}
