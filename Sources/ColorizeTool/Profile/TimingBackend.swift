import DiffusionCore
import Synchronization

/// A backend that forwards to another one, waits after each operation and notes how long it took.
///
/// Waiting keeps a device from working ahead, so that all operations together take longer than the same work without
/// being watched; on a device the shortest ones suffer most. What is replayed elsewhere is done step by step here.
final class TimingBackend: Backend {
  private let base: any Backend
  private let tallies = Mutex<[String: [String: OperationTally]]>([:])
  private let section = Mutex("")

  init(_ base: any Backend) { self.base = base }

  /// What belongs to a section from now on.
  func begin(_ name: String) { section.withLock { $0 = name } }

  /// What each operation took in a section.
  func tallies(of section: String) -> [String: OperationTally] { tallies.withLock { $0[section] ?? [:] } }

  private func timed<R>(_ operation: String, work: Double = 0, _ body: () throws -> R) throws -> R {
    let start = ContinuousClock.now
    let result = try body()
    try base.finish()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let section = section.withLock { $0 }
    tallies.withLock { $0[section, default: [:]][operation, default: OperationTally()].add(seconds, work) }
    return result
  }

  // MARK: Memory

  var name: String { base.name }
  var storageType: DType { base.storageType }
  var memoryLimits: MemoryLimits { base.memoryLimits }
  func prepareMemory(for demand: MemoryDemand) throws { try base.prepareMemory(for: demand) }
  func releaseCachedMemory() { base.releaseCachedMemory() }
  func finish() throws { try base.finish() }
  func makeBuffer(byteCount: Int) throws -> any Buffer { try base.makeBuffer(byteCount: byteCount) }

  func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer {
    try timed("upload") { try base.makeBuffer(copying: bytes) }
  }

  func makeBuffer(mapping bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable) throws -> any Buffer {
    try timed("upload") { try base.makeBuffer(mapping: bytes, owner: owner) }
  }

  func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    try timed("read") { try base.read(buffer, byteOffset: byteOffset, into: target) }
  }

  // MARK: Primitives

  func fill(_ out: Operand, with value: Float) throws { try timed("fill") { try base.fill(out, with: value) } }

  func copy(_ x: Operand, to out: Operand) throws { try timed("copy") { try base.copy(x, to: out) } }

  func affine(_ x: Operand, scale: Float, offset: Float, to out: Operand) throws {
    try timed("affine") { try base.affine(x, scale: scale, offset: offset, to: out) }
  }

  func unary(_ function: UnaryFunction, _ x: Operand, to out: Operand) throws {
    try timed("unary") { try base.unary(function, x, to: out) }
  }

  func binary(_ function: BinaryFunction, _ a: Operand, _ b: Operand, to out: Operand) throws {
    try timed("binary") { try base.binary(function, a, b, to: out) }
  }

  func select(_ condition: Operand, _ a: Operand, _ b: Operand, to out: Operand) throws {
    try timed("select") { try base.select(condition, a, b, to: out) }
  }

  func reduce(_ reduction: Reduction, _ x: Operand, to out: Operand) throws {
    try timed("reduce") { try base.reduce(reduction, x, to: out) }
  }

  func matmul(_ a: Operand, _ b: Operand, to out: Operand) throws {
    try timed("matmul", work: 2 * Double(out.shape.elementCount) * Double(a.shape[2])) {
      try base.matmul(a, b, to: out)
    }
  }

  func conv2d(_ x: Operand, weight: Operand, _ geometry: ConvolutionGeometry, to out: Operand) throws {
    try timed("convolution", work: Self.convolutionWork(weight, out)) {
      try base.conv2d(x, weight: weight, geometry, to: out)
    }
  }

  func resample(_ x: Operand, axis: Int, taps: ResampleTaps, to out: Operand) throws {
    try timed("resample") { try base.resample(x, axis: axis, taps: taps, to: out) }
  }

  // MARK: Fused members

  func softmax(_ x: Operand, scale: Float, to out: Operand) throws {
    try timed("softmax") { try base.softmax(x, scale: scale, to: out) }
  }

  func layerNorm(_ x: Operand, gamma: Operand, beta: Operand, epsilon: Float, to out: Operand) throws {
    try timed("layerNorm") { try base.layerNorm(x, gamma: gamma, beta: beta, epsilon: epsilon, to: out) }
  }

  func groupNorm(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation, to out: Operand
  ) throws {
    try timed("groupNorm") {
      try base.groupNorm(
        x, groups: groups, gamma: gamma, beta: beta, epsilon: epsilon, activation: activation, to: out)
    }
  }

  func linear(
    _ x: Operand, weight: Operand, bias: Operand?, activation: Activation, residual: Operand?, to out: Operand
  ) throws {
    try timed("linear", work: 2 * Double(out.shape.elementCount) * Double(x.shape[1])) {
      try base.linear(x, weight: weight, bias: bias, activation: activation, residual: residual, to: out)
    }
  }

  func gatedLinear(_ x: Operand, weight: Operand, bias: Operand, to out: Operand) throws {
    try timed("gatedLinear", work: 4 * Double(out.shape.elementCount) * Double(x.shape[1])) {
      try base.gatedLinear(x, weight: weight, bias: bias, to: out)
    }
  }

  func convolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    try timed("convolution", work: Self.convolutionWork(weight, out)) {
      try base.convolution(
        x, weight: weight, bias: bias, geometry: geometry, activation: activation, residual: residual, to: out)
    }
  }

  func attention(_ q: Operand, _ k: Operand, _ v: Operand, scale: Float, to out: Operand) throws {
    try timed("attention", work: 4 * Double(q.shape.elementCount) * Double(k.shape[2])) {
      try base.attention(q, k, v, scale: scale, to: out)
    }
  }

  private static func convolutionWork(_ weight: Operand, _ out: Operand) -> Double {
    2 * Double(out.shape.elementCount) * Double(weight.shape.dropFirst().reduce(1, *))
  }
}

/// What the calls of one operation took.
struct OperationTally {
  var calls = 0
  var seconds = 0.0
  /// Floating-point operations of products, convolutions and attention; 0 for others, which memory limits.
  var work = 0.0

  mutating func add(_ seconds: Double, _ work: Double) {
    calls += 1
    self.seconds += seconds
    self.work += work
  }
}
