// SPDX-License-Identifier: Apache-2.0

import CKernels
import COpenBLAS
import Glibc

/// The processor: general matrix products on OpenBLAS, layers in C kernels chosen at run time for AVX-512, AVX2 or
/// neither.
///
/// Computes at once, in `f32`; with ``Precision-swift.enum/bf16`` the layers' products multiply `bf16`. Results do not
/// depend on the number of threads. Making a backend sets OpenBLAS to one thread for the whole process, since the backend
/// runs its own.
public final class CPUBackend: Backend {
  public let name: String
  let threads: ThreadPool
  let kernels: UnsafeKernels
  let memory: CPUMemoryPool
  /// Whether 3x3 convolutions may go by Winograd's method.
  let usesWinograd: Bool
  /// False for a backend that only counts memory: it does all that this one does, but for looking at an address.
  var computes: Bool { threads.runs }

  /// A table of functions that lives as long as the program.
  struct UnsafeKernels: @unchecked Sendable {
    let pointer: UnsafePointer<ck_kernels>
  }

  /// What the products of `linear`, `gatedLinear`, `attention` and convolutions multiply. All sums, and everything else,
  /// are in `f32` either way.
  public enum Precision: String, Sendable, CaseIterable {
    /// Single precision.
    case f32
    /// Operands rounded to `bf16`, to nearest even, by AMX or AVX512-BF16. An operand is rounded wherever it is used,
    /// storage is what it was. `matmul` and convolutions by Winograd's method stay in `f32`; with AMX there are none of
    /// the latter, since direct ones are faster.
    case bf16
  }

  /// What products multiply.
  public let precision: Precision

  /// The instruction set that the kernels use: `avx512`, `avx2` or `portable`; of ``Precision-swift.enum/bf16`` `amx` or
  /// `avx512bf16`.
  public var instructionSet: String { String(cString: kernels.pointer.pointee.name) }
  /// The number of threads.
  public var threadCount: Int { threads.threads }

  /// A CPU backend.
  ///
  /// - Parameters:
  ///   - threads: how many threads compute, 1...1024; nil for one on each processor the process may use.
  ///   - instructionSet: `avx512`, `avx2` or `portable`; nil for the best one. For `bf16` it is `amx` or `avx512bf16`,
  ///     or, slow and for tests, `emulated-amx` or `emulated-avx512bf16`.
  ///   - winograd: whether ``convolution(_:weight:bias:geometry:activation:residual:to:)`` may use Winograd's method
  ///     (Lavin and Gray 2016), which is about three times as fast and has five times the rounding error, 8e-7 of the
  ///     outputs' deviation; ``conv2d(_:weight:_:to:)`` never does.
  ///   - precision: what products multiply. Pictures in `bf16` are not bit for bit those in `f32`.
  /// - Throws: ``BackendError/invalidOption(name:value:expected:)``, also where the processor or the system lacks what
  ///   the precision needs.
  public init(
    threads: Int? = nil, instructionSet: String? = nil, winograd: Bool = true, precision: Precision = .f32
  ) throws {
    if let threads, !(1...1024).contains(threads) {
      throw BackendError.invalidOption(name: "threads", value: "\(threads)", expected: "1 to 1024")
    }
    let found = precision == .f32 ? ck_kernels_named(instructionSet) : ck_bf16_kernels_named(instructionSet)
    guard let table = found else {
      guard let instructionSet else {
        throw BackendError.invalidOption(
          name: "precision", value: precision.rawValue,
          expected: "f32, since this processor or system has neither AVX512-BF16 nor AMX")
      }
      throw BackendError.invalidOption(
        name: "instruction set", value: instructionSet, expected: "one that this processor has")
    }
    self.name = "cpu"
    self.threads = ThreadPool(threads: threads ?? ThreadPool.availableProcessors)
    self.kernels = UnsafeKernels(pointer: table)
    self.memory = CPUMemoryPool()
    self.usesWinograd = winograd && !table.pointee.convolves_directly
    self.precision = precision
    openblas_set_num_threads(1)
  }

  /// A CPU backend for the part of a name after the colon, as in `cpu:4`.
  ///
  /// - Parameters:
  ///   - device: a number of threads, 1...1024; nil for one on each processor the process may use.
  ///   - precision: what products multiply.
  /// - Throws: as ``init(threads:instructionSet:winograd:precision:)``.
  public convenience init(_ device: String?, precision: Precision = .f32) throws {
    let threads = device.flatMap { Int($0) }
    if let device, threads == nil {
      throw BackendError.invalidOption(name: "cpu", value: device, expected: "a number of threads, as in cpu:4")
    }
    try self.init(threads: threads, precision: precision)
  }

  /// One that takes memory as another does, and computes nothing.
  init(countingFor other: CPUBackend, account: MemoryAccount) {
    name = other.name
    threads = ThreadPool(threads: other.threads.threads, runs: false)
    kernels = other.kernels
    memory = CPUMemoryPool(source: .nowhere, account: account)
    usesWinograd = other.usesWinograd
    precision = other.precision
  }

  /// Keeps up to that much freed memory for the tensors to come, where it would give more than 512 MiB back: a training
  /// step frees all that it kept, and the next asks for the same again.
  public func keepCachedMemory(upTo byteCount: Int) {
    memory.raiseLimits(byteLimit: byteCount, blockLimit: 1 << 14)
  }

  /// Gives memory that is kept for reuse back to the system.
  public func releaseCachedMemory() { memory.trim() }

  public func makeBuffer(byteCount: Int) throws -> any Buffer { try memory.makeBuffer(byteCount: byteCount) }

  public func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer {
    let buffer = try memory.makeBuffer(byteCount: bytes.count)
    if computes, let base = bytes.baseAddress { buffer.pointer.copyMemory(from: base, byteCount: bytes.count) }
    return buffer
  }

  public func makeBuffer(
    mapping bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable
  ) throws -> any Buffer {
    guard let base = bytes.baseAddress else { return try makeBuffer(copying: bytes) }
    return CPUBuffer(borrowing: bytes, base: base, owner: owner)
  }

  public func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    let source = Self.unwrap(buffer)
    guard computes else {
      source.pages?.touch()
      target.initializeMemory(as: UInt8.self, repeating: 0)
      return
    }
    precondition(byteOffset >= 0 && byteOffset + target.count <= source.byteCount, "read past the end of a buffer")
    if let base = target.baseAddress {
      base.copyMemory(from: source.pointer + byteOffset, byteCount: target.count)
    }
  }

  static func unwrap(_ buffer: any Buffer) -> CPUBuffer {
    guard let buffer = buffer as? CPUBuffer else {
      preconditionFailure("a tensor of another backend was given to the CPU backend")
    }
    return buffer
  }
}

extension CPUBackend {
  /// The address of an operand's first element.
  func address(_ x: Operand) -> UnsafeMutableRawPointer {
    let buffer = Self.unwrap(x.buffer)
    buffer.pages?.touch()
    return buffer.pointer + x.view.offset * x.dtype.byteWidth
  }

  func floatAddress(_ x: Operand) -> UnsafeMutablePointer<Float> {
    address(x).assumingMemoryBound(to: Float.self)
  }

  /// A contiguous `f32` operand of a shape, with undefined content.
  func scratch(_ shape: Shape) throws -> Operand {
    Operand(
      buffer: try makeBuffer(byteCount: shape.elementCount * 4), view: View(contiguous: shape), dtype: .f32)
  }

  /// The operand itself if it is contiguous `f32`, else a copy that is.
  func floats(_ x: Operand) throws -> Operand {
    if x.dtype == .f32 && x.view.isContiguous { return x }
    let result = try scratch(x.shape)
    try copy(x, to: result)
    return result
  }

  /// Lets `body` compute into contiguous `f32` memory that ends up in `out`.
  func withFloats(_ out: Operand, _ body: (UnsafeMutablePointer<Float>) throws -> Void) throws {
    if out.dtype == .f32 && out.view.isContiguous { return try body(floatAddress(out)) }
    let result = try scratch(out.shape)
    try body(floatAddress(result))
    try copy(result, to: out)
  }
}
