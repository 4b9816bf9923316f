/// A backend that computes nothing and holds no memory: running a model on it checks shapes and nothing else.
///
/// Building a model on it lists the model's parameters without having them.
public final class ShapeOnlyBackend: Backend {
  private final class Nothing: Buffer {
    let byteCount: Int
    init(byteCount: Int) { self.byteCount = byteCount }
  }

  public let name = "shape-only"

  /// A backend that computes nothing.
  public init() {}

  public func makeBuffer(byteCount: Int) throws -> any Buffer { Nothing(byteCount: byteCount) }
  public func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer { Nothing(byteCount: bytes.count) }
  /// Gives zeros.
  public func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    target.initializeMemory(as: UInt8.self, repeating: 0)
  }

  public func fill(_ out: Operand, with value: Float) throws {}
  public func copy(_ x: Operand, to out: Operand) throws {}
  public func affine(_ x: Operand, scale: Float, offset: Float, to out: Operand) throws {}
  public func unary(_ function: UnaryFunction, _ x: Operand, to out: Operand) throws {}
  public func binary(_ function: BinaryFunction, _ a: Operand, _ b: Operand, to out: Operand) throws {}
  public func select(_ condition: Operand, _ a: Operand, _ b: Operand, to out: Operand) throws {}
  public func reduce(_ reduction: Reduction, _ x: Operand, to out: Operand) throws {}
  public func matmul(_ a: Operand, _ b: Operand, to out: Operand) throws {}
  public func conv2d(_ x: Operand, weight: Operand, _ geometry: ConvolutionGeometry, to out: Operand) throws {}
  public func resample(_ x: Operand, axis: Int, taps: ResampleTaps, to out: Operand) throws {}
}
