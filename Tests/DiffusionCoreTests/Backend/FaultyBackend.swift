import BackendConformance
import DiffusionCore

/// A backend that gets one member wrong in one way, to show that the suite notices.
///
/// Forwards all else, fused members included.
final class FaultyBackend: Backend {
  enum Fault: String, CaseIterable, Sendable {
    /// Every element is off by one part in fifty thousand: far less than a wrong index or a lost term makes.
    case imprecise
    /// The last element keeps what was there.
    case leavesElementUnwritten
    /// One element behind the destination is written.
    case writesOutside
    /// The first source is read as if it were row-major.
    case ignoresStrides
    /// The result is added to what was there.
    case accumulates
    /// The first source is overwritten.
    case spoilsSource
    /// Throws.
    case fails
  }

  private let base: any Backend
  private let operation: String
  private let fault: Fault

  init(_ base: any Backend, operation: String, fault: Fault) {
    self.base = base
    self.operation = operation
    self.fault = fault
  }

  var name: String { "\(base.name), \(operation) \(fault)" }

  private func run(_ name: String, _ sources: [Operand], _ out: Operand, _ body: ([Operand]) throws -> Void) throws {
    guard name == operation, out.shape.elementCount > 0 else { return try body(sources) }
    let whole = View(contiguous: [out.buffer.byteCount / out.dtype.byteWidth])
    let everything = Operand(buffer: out.buffer, view: whole, dtype: out.dtype)
    let before = try Tensor(uninitialized: whole.shape, dtype: out.dtype, on: base).operand
    try base.copy(everything, to: before)
    let last = zip(out.shape, out.view.strides).reduce(out.view.offset) { $0 + ($1.0 - 1) * $1.1 }
    func element(_ x: Operand, _ index: Int) -> Operand { x.with(View(contiguous: [1], offset: index)) }

    var sources = sources
    if fault == .ignoresStrides, let first = sources.first {
      let flat = View(contiguous: first.shape, offset: first.view.offset)
      // Only as far as the buffer goes, so that the fault is a wrong result and not a crash.
      let end = (flat.offset + flat.shape.elementCount) * first.dtype.byteWidth
      if end <= first.buffer.byteCount { sources[0] = first.with(flat) }
    }
    if fault == .fails { throw BackendError.deviceFailure(backend: base.name, reason: "on purpose") }
    try body(sources)
    switch fault {
    case .imprecise:
      let result = try Tensor(uninitialized: out.shape, on: base).operand
      try base.affine(out, scale: 1.00002, offset: 0, to: result)
      try base.copy(result, to: out)
    case .leavesElementUnwritten: try base.copy(element(before, last), to: element(out, last))
    case .writesOutside: try base.fill(element(out, last + 1), with: 0)
    case .accumulates:
      let result = try Tensor(uninitialized: out.shape, on: base).operand
      try base.binary(.add, out, before.with(out.view), to: result)
      try base.copy(result, to: out)
    case .spoilsSource:
      if let source = sources.first { try base.fill(element(source, source.view.offset), with: -77) }
    case .ignoresStrides, .fails: break
    }
  }

  func makeBuffer(byteCount: Int) throws -> any Buffer { try base.makeBuffer(byteCount: byteCount) }
  func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer { try base.makeBuffer(copying: bytes) }
  func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    try base.read(buffer, byteOffset: byteOffset, into: target)
  }

  func fill(_ out: Operand, with value: Float) throws {
    try run("fill", [], out) { _ in try base.fill(out, with: value) }
  }
  func copy(_ x: Operand, to out: Operand) throws { try run("copy", [x], out) { try base.copy($0[0], to: out) } }
  func affine(_ x: Operand, scale: Float, offset: Float, to out: Operand) throws {
    try run("affine", [x], out) { try base.affine($0[0], scale: scale, offset: offset, to: out) }
  }
  func unary(_ function: UnaryFunction, _ x: Operand, to out: Operand) throws {
    try run("unary", [x], out) { try base.unary(function, $0[0], to: out) }
  }
  func binary(_ function: BinaryFunction, _ a: Operand, _ b: Operand, to out: Operand) throws {
    try run("binary", [a, b], out) { try base.binary(function, $0[0], $0[1], to: out) }
  }
  func select(_ condition: Operand, _ a: Operand, _ b: Operand, to out: Operand) throws {
    try run("select", [condition, a, b], out) { try base.select($0[0], $0[1], $0[2], to: out) }
  }
  func reduce(_ reduction: Reduction, _ x: Operand, to out: Operand) throws {
    try run("reduce", [x], out) { try base.reduce(reduction, $0[0], to: out) }
  }
  func matmul(_ a: Operand, _ b: Operand, to out: Operand) throws {
    try run("matmul", [a, b], out) { try base.matmul($0[0], $0[1], to: out) }
  }
  func conv2d(_ x: Operand, weight: Operand, _ geometry: ConvolutionGeometry, to out: Operand) throws {
    try run("conv2d", [x, weight], out) { try base.conv2d($0[0], weight: $0[1], geometry, to: out) }
  }
  func resample(_ x: Operand, axis: Int, taps: ResampleTaps, to out: Operand) throws {
    try run("resample", [x], out) { try base.resample($0[0], axis: axis, taps: taps, to: out) }
  }
  func softmax(_ x: Operand, scale: Float, to out: Operand) throws {
    try run("softmax", [x], out) { try base.softmax($0[0], scale: scale, to: out) }
  }
  func layerNorm(_ x: Operand, gamma: Operand, beta: Operand, epsilon: Float, to out: Operand) throws {
    try run("layerNorm", [x], out) { try base.layerNorm($0[0], gamma: gamma, beta: beta, epsilon: epsilon, to: out) }
  }
  func groupNorm(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation, to out: Operand
  ) throws {
    try run("groupNorm", [x], out) {
      try base.groupNorm(
        $0[0], groups: groups, gamma: gamma, beta: beta, epsilon: epsilon, activation: activation, to: out)
    }
  }
  func linear(
    _ x: Operand, weight: Operand, bias: Operand?, activation: Activation, residual: Operand?, to out: Operand
  ) throws {
    try run("linear", [x], out) {
      try base.linear($0[0], weight: weight, bias: bias, activation: activation, residual: residual, to: out)
    }
  }
  func gatedLinear(_ x: Operand, weight: Operand, bias: Operand, to out: Operand) throws {
    try run("gatedLinear", [x], out) { try base.gatedLinear($0[0], weight: weight, bias: bias, to: out) }
  }
  func convolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    try run("convolution", [x], out) {
      try base.convolution(
        $0[0], weight: weight, bias: bias, geometry: geometry, activation: activation, residual: residual, to: out)
    }
  }
  func attention(_ q: Operand, _ k: Operand, _ v: Operand, scale: Float, to out: Operand) throws {
    try run("attention", [q], out) { try base.attention($0[0], k, v, scale: scale, to: out) }
  }
}
