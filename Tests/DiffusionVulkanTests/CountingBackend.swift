import DiffusionCore
import DiffusionVulkan
import Synchronization

/// Computes nothing and counts what the Vulkan backend would record: the cost of networks too large to run here.
final class CountingBackend: Backend {
  private final class Nothing: Buffer {
    let byteCount: Int
    init(_ byteCount: Int) { self.byteCount = byteCount }
  }

  let name = "counting"
  private let counts = Mutex(VulkanStatistics())

  var statistics: VulkanStatistics { counts.withLock { $0 } }
  func reset() { counts.withLock { $0 = VulkanStatistics() } }

  private func count(_ operands: [Operand?], dispatches: Int = 1, operations: Double = 0) {
    let bytes = operands.compactMap { $0 }.reduce(0) { $0 + touchedByteCount($1) }
    counts.withLock {
      $0.dispatches += dispatches
      $0.operations += operations
      $0.bytes += bytes
    }
  }

  /// A repeated element counts once.
  private func touchedByteCount(_ operand: Operand) -> Int {
    var count = operand.dtype.byteWidth
    for (extent, stride) in zip(operand.shape.extents, operand.view.strides) where stride != 0 || extent == 0 {
      count *= extent
    }
    return count
  }

  func makeBuffer(byteCount: Int) throws -> any Buffer { Nothing(byteCount) }
  func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer { Nothing(bytes.count) }
  func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {}

  func fill(_ out: Operand, with value: Float) { count([out]) }
  func copy(_ x: Operand, to out: Operand) { count([x, out]) }
  func affine(_ x: Operand, scale: Float, offset: Float, to out: Operand) { count([x, out]) }
  func unary(_ function: UnaryFunction, _ x: Operand, to out: Operand) { count([x, out]) }
  func binary(_ function: BinaryFunction, _ a: Operand, _ b: Operand, to out: Operand) { count([a, b, out]) }
  func select(_ condition: Operand, _ a: Operand, _ b: Operand, to out: Operand) { count([condition, a, b, out]) }
  func reduce(_ reduction: Reduction, _ x: Operand, to out: Operand) { count([x, out]) }
  func resample(_ x: Operand, axis: Int, taps: ResampleTaps, to out: Operand) { count([x, out]) }
  func softmax(_ x: Operand, scale: Float, to out: Operand) { count([x, out]) }

  func matmul(_ a: Operand, _ b: Operand, to out: Operand) {
    count([a, b, out], operations: 2 * Double(out.shape.elementCount * a.shape[2]))
  }

  func conv2d(_ x: Operand, weight: Operand, _ geometry: ConvolutionGeometry, to out: Operand) {
    convolution(x, weight: weight, bias: nil, geometry: geometry, activation: .none, residual: nil, to: out)
  }

  func layerNorm(_ x: Operand, gamma: Operand, beta: Operand, epsilon: Float, to out: Operand) { count([x, out]) }

  func groupNorm(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation, to out: Operand
  ) {
    // The elements are read twice: for the moments and to be normalised.
    count([x, x, out], dispatches: 3)
  }

  func linear(
    _ x: Operand, weight: Operand, bias: Operand?, activation: Activation, residual: Operand?, to out: Operand
  ) {
    count([x, weight, residual, out], operations: 2 * Double(out.shape.elementCount * x.shape[1]))
  }

  func gatedLinear(_ x: Operand, weight: Operand, bias: Operand, to out: Operand) {
    count([x, weight, out], operations: 4 * Double(out.shape.elementCount * x.shape[1]))
  }

  func convolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) {
    let inner = weight.shape.dropFirst().reduce(1, *)
    count([x, weight, residual, out], operations: 2 * Double(out.shape.elementCount * inner))
  }

  func attention(_ q: Operand, _ k: Operand, _ v: Operand, scale: Float, to out: Operand) {
    count([q, k, v, out], operations: 4 * Double(q.shape.elementCount * k.shape[2]))
  }
}
