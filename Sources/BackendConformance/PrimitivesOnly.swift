import DiffusionCore

/// A backend that forwards memory and the required primitives to another one and leaves every fused member to its
/// default.
///
/// It shows that a backend's primitives suffice to run every model, and gives fused members something to agree with.
public final class PrimitivesOnly: Backend {
  private let base: any Backend

  /// Hides the fused members of a backend.
  public init(_ base: any Backend) { self.base = base }

  /// The other backend's name with a remark.
  public var name: String { "\(base.name), primitives only" }

  /// Makes the buffer on the other backend.
  public func makeBuffer(byteCount: Int) throws -> any Buffer { try base.makeBuffer(byteCount: byteCount) }

  /// Makes the buffer on the other backend.
  public func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer {
    try base.makeBuffer(copying: bytes)
  }

  /// Reads by the other backend.
  public func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    try base.read(buffer, byteOffset: byteOffset, into: target)
  }

  /// Forwards to the other backend's primitive.
  public func fill(_ out: Operand, with value: Float) throws { try base.fill(out, with: value) }

  /// Forwards to the other backend's primitive.
  public func copy(_ x: Operand, to out: Operand) throws { try base.copy(x, to: out) }

  /// Forwards to the other backend's primitive.
  public func affine(_ x: Operand, scale: Float, offset: Float, to out: Operand) throws {
    try base.affine(x, scale: scale, offset: offset, to: out)
  }

  /// Forwards to the other backend's primitive.
  public func unary(_ function: UnaryFunction, _ x: Operand, to out: Operand) throws {
    try base.unary(function, x, to: out)
  }

  /// Forwards to the other backend's primitive.
  public func binary(_ function: BinaryFunction, _ a: Operand, _ b: Operand, to out: Operand) throws {
    try base.binary(function, a, b, to: out)
  }

  /// Forwards to the other backend's primitive.
  public func select(_ condition: Operand, _ a: Operand, _ b: Operand, to out: Operand) throws {
    try base.select(condition, a, b, to: out)
  }

  /// Forwards to the other backend's primitive.
  public func reduce(_ reduction: Reduction, _ x: Operand, to out: Operand) throws {
    try base.reduce(reduction, x, to: out)
  }

  /// Forwards to the other backend's primitive.
  public func matmul(_ a: Operand, _ b: Operand, to out: Operand) throws { try base.matmul(a, b, to: out) }

  /// Forwards to the other backend's primitive.
  public func conv2d(_ x: Operand, weight: Operand, _ geometry: ConvolutionGeometry, to out: Operand) throws {
    try base.conv2d(x, weight: weight, geometry, to: out)
  }

  /// Forwards to the other backend's primitive.
  public func resample(_ x: Operand, axis: Int, taps: ResampleTaps, to out: Operand) throws {
    try base.resample(x, axis: axis, taps: taps, to: out)
  }
}
