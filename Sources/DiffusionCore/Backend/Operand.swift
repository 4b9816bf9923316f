/// Memory of a backend. It is released, or kept for reuse, when the last reference goes.
public protocol Buffer: AnyObject, Sendable {
  /// The size in bytes.
  var byteCount: Int { get }
}

/// What a backend reads from or computes into: a strided view of a buffer, with its element type.
public struct Operand: Sendable {
  /// The memory, made by the backend that is asked to compute.
  public let buffer: any Buffer
  /// Shape, strides and offset, in elements.
  public let view: View
  /// The element type.
  public let dtype: DType

  /// An operand over a buffer.
  public init(buffer: any Buffer, view: View, dtype: DType) {
    self.buffer = buffer
    self.view = view
    self.dtype = dtype
  }

  /// The extents.
  public var shape: Shape { view.shape }

  /// The same buffer seen through another view.
  public func with(_ view: View) -> Operand { Operand(buffer: buffer, view: view, dtype: dtype) }
}

/// A function of one element.
public enum UnaryFunction: String, Sendable, CaseIterable {
  /// `e^x`.
  case exp
  /// The natural logarithm.
  case log
  /// The square root.
  case sqrt
  /// The magnitude.
  case abs
  /// `1 / (1 + e^-x)`.
  case sigmoid
  /// `x / (1 + e^-x)`.
  case silu
  /// `x * (1 + erf(x / sqrt 2)) / 2`, the exact form.
  case gelu
}

/// A function of two elements.
public enum BinaryFunction: String, Sendable, CaseIterable {
  /// `a + b`.
  case add
  /// `a - b`.
  case subtract
  /// `a * b`.
  case multiply
  /// `a / b`.
  case divide
  /// The larger of both.
  case maximum
  /// The smaller of both.
  case minimum
  /// 1 where `a > b`, else 0.
  case greater
}

/// A reduction over the last axis.
public enum Reduction: String, Sendable, CaseIterable {
  /// The sum, 0 for no elements.
  case sum
  /// The maximum, negative infinity for no elements.
  case max
}

/// What follows a matrix product, a convolution or a norm before the result is stored.
public enum Activation: String, Sendable, CaseIterable {
  /// Nothing.
  case none
  /// `x / (1 + e^-x)`.
  case silu
  /// `x * (1 + erf(x / sqrt 2)) / 2`.
  case gelu
}

/// The geometry of a two-dimensional convolution. Output extent: `(in * upsampling + before + after - k) / stride + 1`.
public struct ConvolutionGeometry: Sendable, Hashable {
  /// The step between output positions, at least 1.
  public var stride: Int
  /// Zero rows above and columns to the left.
  public var paddingBefore: Int
  /// Zero rows below and columns to the right.
  public var paddingAfter: Int
  /// 2 reads the input as if every pixel were doubled along both axes (nearest neighbour), 1 as it is.
  public var upsampling: Int

  /// A geometry with the same padding on all sides.
  public init(stride: Int = 1, padding: Int = 0, upsampling: Int = 1) {
    self.init(stride: stride, paddingBefore: padding, paddingAfter: padding, upsampling: upsampling)
  }

  /// A geometry whose padding differs before and after.
  public init(stride: Int, paddingBefore: Int, paddingAfter: Int, upsampling: Int = 1) {
    self.stride = stride
    self.paddingBefore = paddingBefore
    self.paddingAfter = paddingAfter
    self.upsampling = upsampling
  }

  /// The output extent for an input extent and a kernel extent, 0 if the kernel does not fit.
  public func outputExtent(input: Int, kernel: Int) -> Int {
    let padded = input * upsampling + paddingBefore + paddingAfter
    return padded < kernel ? 0 : (padded - kernel) / stride + 1
  }
}
