import DiffusionCore
import Synchronization

/// Forwards every call to another backend and records what it had to do.
///
/// On `ShapeOnlyBackend` it counts the work of any network without doing it. On a real backend, where it also waits for
/// each result, it shows where the time goes. Rows of the table are never timed through it: a member that `Backend`
/// gains and this type does not forward yet would be timed as its default.
final class MeteredBackend: Backend {
  private struct State {
    var isRecording = false
    var section = ""
    var records: [OperationRecord] = []
  }

  private let base: any Backend
  /// Whether each call is waited for and timed.
  private let isTiming: Bool
  private let state = Mutex(State())

  init(_ base: any Backend, isTiming: Bool) {
    self.base = base
    self.isTiming = isTiming
  }

  var name: String { base.name }
  var storageType: DType { base.storageType }

  /// The records of what `body` computes.
  func records(of body: () throws -> Void) throws -> [OperationRecord] {
    state.withLock { $0 = State(isRecording: true) }
    defer { state.withLock { $0.isRecording = false } }
    try body()
    return takeRecords()
  }

  /// Starts recording, for work that is not one call.
  func start() { state.withLock { $0 = State(isRecording: true) } }
  /// What is recorded from now on belongs to that section.
  func begin(_ section: String) { state.withLock { $0.section = section } }
  /// What was recorded.
  func takeRecords() -> [OperationRecord] { state.withLock { $0.records } }

  private func record(
    _ family: String, _ operands: [Operand?], to out: Operand, operations: Int = 0, _ body: () throws -> Void
  ) throws {
    guard state.withLock({ $0.isRecording }) else { return try body() }
    var seconds = 0.0
    if isTiming {
      seconds =
        try ContinuousClock().measure {
          try body()
          try waited(Tensor(out, on: base))
        } / .seconds(1)
    } else {
      try body()
    }
    let bytes = (operands + [out]).reduce(0) { $0 + ($1.map(Self.byteCount) ?? 0) }
    state.withLock {
      $0.records.append(
        OperationRecord(
          family: family, section: $0.section, gigaflop: Double(operations) / 1e9, bytes: bytes, seconds: seconds))
    }
  }

  /// A repeated element counts once.
  private static func byteCount(_ operand: Operand) -> Int {
    zip(operand.shape, operand.view.strides).reduce(operand.dtype.byteWidth) { count, axis in
      axis.1 == 0 && axis.0 > 0 ? count : count * axis.0
    }
  }

  // MARK: Memory

  func makeBuffer(byteCount: Int) throws -> any Buffer { try base.makeBuffer(byteCount: byteCount) }
  func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer { try base.makeBuffer(copying: bytes) }
  func makeBuffer(mapping bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable) throws -> any Buffer {
    try base.makeBuffer(mapping: bytes, owner: owner)
  }
  func releaseCachedMemory() { base.releaseCachedMemory() }
  var memoryLimits: MemoryLimits { base.memoryLimits }
  func prepareMemory(for demand: MemoryDemand) throws { try base.prepareMemory(for: demand) }
  func finish() throws { try base.finish() }
  func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    try base.read(buffer, byteOffset: byteOffset, into: target)
  }

  // MARK: Primitives

  func fill(_ out: Operand, with value: Float) throws {
    try record("fill", [], to: out) { try base.fill(out, with: value) }
  }
  func copy(_ x: Operand, to out: Operand) throws {
    try record("copy", [x], to: out) { try base.copy(x, to: out) }
  }
  func affine(_ x: Operand, scale: Float, offset: Float, to out: Operand) throws {
    try record("affine", [x], to: out) { try base.affine(x, scale: scale, offset: offset, to: out) }
  }
  func unary(_ function: UnaryFunction, _ x: Operand, to out: Operand) throws {
    try record("unary", [x], to: out) { try base.unary(function, x, to: out) }
  }
  func binary(_ function: BinaryFunction, _ a: Operand, _ b: Operand, to out: Operand) throws {
    try record("binary", [a, b], to: out) { try base.binary(function, a, b, to: out) }
  }
  func select(_ condition: Operand, _ a: Operand, _ b: Operand, to out: Operand) throws {
    try record("select", [condition, a, b], to: out) { try base.select(condition, a, b, to: out) }
  }
  func reduce(_ reduction: Reduction, _ x: Operand, to out: Operand) throws {
    try record("reduce", [x], to: out) { try base.reduce(reduction, x, to: out) }
  }
  func matmul(_ a: Operand, _ b: Operand, to out: Operand) throws {
    try record("matmul", [a, b], to: out, operations: 2 * out.shape.elementCount * a.shape[2]) {
      try base.matmul(a, b, to: out)
    }
  }
  func conv2d(_ x: Operand, weight: Operand, _ geometry: ConvolutionGeometry, to out: Operand) throws {
    try record("conv2d", [x, weight], to: out, operations: Self.convolutionOperations(weight, out)) {
      try base.conv2d(x, weight: weight, geometry, to: out)
    }
  }
  func resample(_ x: Operand, axis: Int, taps: ResampleTaps, to out: Operand) throws {
    try record("resample", [x], to: out) { try base.resample(x, axis: axis, taps: taps, to: out) }
  }

  // MARK: Fused members

  func softmax(_ x: Operand, scale: Float, to out: Operand) throws {
    try record("softmax", [x], to: out) { try base.softmax(x, scale: scale, to: out) }
  }
  func layerNorm(_ x: Operand, gamma: Operand, beta: Operand, epsilon: Float, to out: Operand) throws {
    try record("layerNorm", [x, gamma, beta], to: out) {
      try base.layerNorm(x, gamma: gamma, beta: beta, epsilon: epsilon, to: out)
    }
  }
  func groupNorm(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation, to out: Operand
  ) throws {
    try record("groupNorm", [x, gamma, beta], to: out) {
      try base.groupNorm(
        x, groups: groups, gamma: gamma, beta: beta, epsilon: epsilon, activation: activation, to: out)
    }
  }
  func linear(
    _ x: Operand, weight: Operand, bias: Operand?, activation: Activation, residual: Operand?, to out: Operand
  ) throws {
    let operations = 2 * out.shape.elementCount * x.shape[1]
    try record("linear", [x, weight, bias, residual], to: out, operations: operations) {
      try base.linear(x, weight: weight, bias: bias, activation: activation, residual: residual, to: out)
    }
  }
  func gatedLinear(_ x: Operand, weight: Operand, bias: Operand, to out: Operand) throws {
    let operations = 4 * out.shape.elementCount * x.shape[1]
    try record("gatedLinear", [x, weight, bias], to: out, operations: operations) {
      try base.gatedLinear(x, weight: weight, bias: bias, to: out)
    }
  }
  func convolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    let operations = Self.convolutionOperations(weight, out)
    try record("convolution", [x, weight, bias, residual], to: out, operations: operations) {
      try base.convolution(
        x, weight: weight, bias: bias, geometry: geometry, activation: activation, residual: residual, to: out)
    }
  }
  func attention(_ q: Operand, _ k: Operand, _ v: Operand, scale: Float, to out: Operand) throws {
    try record("attention", [q, k, v], to: out, operations: 4 * q.shape.elementCount * k.shape[2]) {
      try base.attention(q, k, v, scale: scale, to: out)
    }
  }

  private static func convolutionOperations(_ weight: Operand, _ out: Operand) -> Int {
    2 * out.shape.elementCount * weight.shape.dropFirst().reduce(1, *)
  }
}
