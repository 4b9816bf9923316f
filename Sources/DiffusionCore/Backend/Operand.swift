// SPDX-License-Identifier: Apache-2.0

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
  /// The larger of `x` and 0.
  case relu
  /// The hyperbolic tangent.
  case tanh
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
  /// `a` where it is greater than 0, else `a * b`: leaky ReLU with one slope, PReLU with one for each channel.
  case leakyReLU
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
  /// The larger of `x` and 0.
  case relu
}

/// What kernels in other languages know by a number: the position of the case among all. Theirs are in the same order.
package protocol KernelNumbered: CaseIterable, Equatable where AllCases.Index == Int {}

extension KernelNumbered {
  package var kernelNumber: Int {
    guard let number = Self.allCases.firstIndex(of: self) else { preconditionFailure("a case is one of all cases") }
    return number
  }
}

extension UnaryFunction: KernelNumbered {}
extension BinaryFunction: KernelNumbered {}
extension Reduction: KernelNumbered {}
extension Activation: KernelNumbered {}
extension DType: KernelNumbered {}

/// The geometry of a two-dimensional convolution. Output extent:
/// `(in * upsampling + before + after - ((k - 1) * dilation + 1)) / stride + 1`.
public struct ConvolutionGeometry: Sendable, Hashable {
  /// The step between output positions, at least 1.
  public var stride: Int
  /// Zero rows above and columns to the left.
  public var paddingBefore: Int
  /// Zero rows below and columns to the right.
  public var paddingAfter: Int
  /// 2 reads the input as if every pixel were doubled along both axes (nearest neighbour), 1 as it is.
  public var upsampling: Int
  /// The step between the elements that neighbouring taps of the kernel read, at least 1.
  public var dilation: Int
  /// Into how many groups the channels are split: the outputs of a group see the inputs of that group only, and the
  /// weight is `[O, kh, kw, I / groups]`. As many as there are channels is a depth-wise convolution.
  public var groups: Int

  /// A geometry with the same padding on all sides.
  public init(stride: Int = 1, padding: Int = 0, upsampling: Int = 1, dilation: Int = 1, groups: Int = 1) {
    self.init(
      stride: stride, paddingBefore: padding, paddingAfter: padding, upsampling: upsampling, dilation: dilation,
      groups: groups)
  }

  /// A geometry whose padding differs before and after.
  public init(
    stride: Int, paddingBefore: Int, paddingAfter: Int, upsampling: Int = 1, dilation: Int = 1, groups: Int = 1
  ) {
    self.stride = stride
    self.paddingBefore = paddingBefore
    self.paddingAfter = paddingAfter
    self.upsampling = upsampling
    self.dilation = dilation
    self.groups = groups
  }

  /// How far a kernel reaches: its extent with what dilation puts between its taps.
  public func reach(kernel: Int) -> Int { kernel == 0 ? 0 : (kernel - 1) * dilation + 1 }

  /// The output extent for an input extent and a kernel extent, 0 if the kernel does not fit.
  public func outputExtent(input: Int, kernel: Int) -> Int {
    let padded = input * upsampling + paddingBefore + paddingAfter
    let reach = reach(kernel: kernel)
    return padded < reach ? 0 : (padded - reach) / stride + 1
  }
}
