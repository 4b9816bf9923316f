// SPDX-License-Identifier: Apache-2.0

/// A device that computes on tensors.
///
/// The core checks shapes, allocates the destination and then calls one member; a backend only computes into it.
/// Implement the required primitives of this protocol and every model runs; then override members of the second half,
/// one at a time, for speed (each has a default made of primitives).
///
/// Rules for every member:
/// - operands may be strided, broadcast (stride 0), of any rank and of zero elements; destinations may be strided but
///   never broadcast, and never overlap a source unless stated;
/// - any mix of element types is legal; arithmetic and accumulation are in `f32`;
/// - a destination's previous content must not matter;
/// - errors are ``BackendError``; shapes were checked before.
public protocol Backend: AnyObject, Sendable {
  /// The name it is registered under, for example `cpu` or `vulkan:0`.
  var name: String { get }
  /// The element type in which results of operations are stored, and parameters that are asked for in `f32`. Default:
  /// `f32`. Reductions are `f32` always, as is what the host hands over.
  var storageType: DType { get }
  /// Whether convolutions take a dilation and groups. Default: false; such convolutions are then taken apart before they
  /// reach the backend, at the cost of copies and of products with zeros.
  var takesDilationAndGroups: Bool { get }

  // MARK: Memory

  /// Memory with undefined content.
  func makeBuffer(byteCount: Int) throws -> any Buffer
  /// Memory filled from the host.
  func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer
  /// Memory that outlives the call and never changes, such as a mapped file, used in place where the device can. It is
  /// aligned to the elements that it holds. Default: copies.
  func makeBuffer(mapping bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable) throws -> any Buffer
  /// Gives memory that is kept for reuse back to the system. Default: does nothing.
  func releaseCachedMemory()
  /// What new buffers may take, as far as it is known. Default: ``MemoryLimits/unlimited``.
  var memoryLimits: MemoryLimits { get }
  /// Called before a job whose demand is known: makes room, and refuses what cannot fit. Default: compares with
  /// ``memoryLimits``.
  ///
  /// - Throws: ``BackendError/insufficientMemory(_:)``.
  func prepareMemory(for demand: MemoryDemand) throws
  /// A backend that computes nothing and counts the memory that this one would take. Default: what the tensors
  /// themselves take, see ``MeteringBackend``.
  func makeMeter() -> MemoryMeter
  /// Waits for all work. Default: does nothing, as suits a backend that computes at once.
  ///
  /// - Throws: ``BackendError`` if some of the work failed.
  func finish() throws
  /// Measures what the device does, nil where waiting for a call tells as much. Default: nil.
  var deviceTimer: (any DeviceTimer)? { get }
  /// Waits for all work that writes the buffer, then copies from it to the host.
  func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws

  // MARK: Primitives

  /// `out = value`.
  func fill(_ out: Operand, with value: Float) throws
  /// `out = x`, converting element types; shapes are equal.
  func copy(_ x: Operand, to out: Operand) throws
  /// `out = scale * x + offset`; shapes are equal.
  func affine(_ x: Operand, scale: Float, offset: Float, to out: Operand) throws
  /// `out = f(x)`; shapes are equal.
  func unary(_ function: UnaryFunction, _ x: Operand, to out: Operand) throws
  /// `out = f(a, b)`; all shapes are equal (a broadcast operand has strides of 0).
  func binary(_ function: BinaryFunction, _ a: Operand, _ b: Operand, to out: Operand) throws
  /// `out = condition > 0 ? a : b`; all shapes are equal (a broadcast operand has strides of 0).
  func select(_ condition: Operand, _ a: Operand, _ b: Operand, to out: Operand) throws
  /// Reduces the last axis: `x [..., n]` to `out [..., 1]`.
  func reduce(_ reduction: Reduction, _ x: Operand, to out: Operand) throws
  /// `out = a b`: `a [B, M, K]`, `b [B, K, N]`, `out [B, M, N]` (a transposed operand has swapped strides).
  func matmul(_ a: Operand, _ b: Operand, to out: Operand) throws
  /// Cross-correlation: `x [B, H, W, I]`, `weight [O, kh, kw, I / groups]`, `out [B, H', W', O]`; the geometry has a dilation
  /// or groups only if ``takesDilationAndGroups``.
  func conv2d(_ x: Operand, weight: Operand, _ geometry: ConvolutionGeometry, to out: Operand) throws
  /// `out[.., o, ..] = sum_j taps.weights[o, j] * x[.., taps.indices[o, j], ..]` along one axis.
  func resample(_ x: Operand, axis: Int, taps: ResampleTaps, to out: Operand) throws

  // MARK: Repetition, with a default that declines

  /// Records what `body` does with operands of the inputs' shapes and element types, to be repeated on others; the
  /// computation itself is done by ``Recording/replay(_:)`` only. ``Replay`` is the way to use it, and says what `body`
  /// may do. Default: nil.
  ///
  /// - Returns: nil if it cannot be recorded; then nothing has happened.
  /// - Throws: ``BackendError``, and what `body` throws.
  func record(_ inputs: [Operand], _ body: ([Operand]) throws -> Operand) throws -> (any Recording)?

  // MARK: Fused members, each with a default made of primitives

  /// `out = softmax(scale * x)` over the last axis.
  func softmax(_ x: Operand, scale: Float, to out: Operand) throws
  /// `out = (x - mean) / sqrt(var + epsilon) * gamma + beta` over the last axis; `gamma`, `beta` `[C]`.
  func layerNorm(_ x: Operand, gamma: Operand, beta: Operand, epsilon: Float, to out: Operand) throws
  /// Normalises each group of channels of `x [B, N, C]` over the tokens, then scales, shifts and activates.
  func groupNorm(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation, to out: Operand)
    throws
  /// `out = activation(x weight^T + bias) + residual`: `x [M, K]`, `weight [N, K]`, `bias [N]`, `out [M, N]`.
  func linear(
    _ x: Operand, weight: Operand, bias: Operand?, activation: Activation, residual: Operand?, to out: Operand) throws
  /// `out = value * gelu(gate)` where `x weight^T + bias = [value, gate]`: `weight [2N, K]`, `out [M, N]`.
  func gatedLinear(_ x: Operand, weight: Operand, bias: Operand, to out: Operand) throws
  /// `out = activation(conv2d(x) + bias) + residual`, see ``conv2d(_:weight:_:to:)``.
  func convolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand) throws
  /// `out = softmax(scale * q k^T) v`: `q [B, H, N, D]`, `k [B, H, M, D]`, `v [B, H, M, D]`, `out [B, H, N, D]`.
  func attention(_ q: Operand, _ k: Operand, _ v: Operand, scale: Float, to out: Operand) throws
  /// Makes one element of each window of an image, channel by channel: `x [B, H, W, C]`, `out [B, H', W', C]`.
  func pool(_ pooling: Pooling, _ x: Operand, geometry: PoolingGeometry, to out: Operand) throws
}
