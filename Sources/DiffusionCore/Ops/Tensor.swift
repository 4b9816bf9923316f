// SPDX-License-Identifier: Apache-2.0

/// An immutable n-dimensional array of floats on a backend.
///
/// A tensor is a value: every operation returns a new one, views (`transposed`, `sliced`, `broadcast`) share the buffer.
/// Images are channels-last, `[B, H, W, C]`; tokens are `[B, N, C]`, so that image and tokens are one reshape apart.
public struct Tensor: Sendable {
  /// The backend that owns the buffer and computes on it.
  public let backend: any Backend
  /// Where the elements are and how they are laid out.
  public let operand: Operand

  /// Wraps an operand of the backend.
  public init(_ operand: Operand, on backend: any Backend) {
    self.operand = operand
    self.backend = backend
  }

  /// A new tensor with undefined elements, to be written by a backend.
  ///
  /// - Throws: ``BackendError`` if the backend does not have enough memory.
  public init(uninitialized shape: Shape, dtype: DType = .f32, on backend: any Backend) throws {
    let buffer = try backend.makeBuffer(byteCount: shape.elementCount * dtype.byteWidth)
    self.init(Operand(buffer: buffer, view: View(contiguous: shape), dtype: dtype), on: backend)
  }

  /// A tensor of the given values, row-major.
  ///
  /// - Throws: ``BackendError`` if the backend does not have enough memory.
  public init(_ values: [Float], shape: Shape, on backend: any Backend) throws {
    precondition(values.count == shape.elementCount, "\(values.count) values for \(shape)")
    let buffer = try values.withUnsafeBytes { try backend.makeBuffer(copying: $0) }
    self.init(Operand(buffer: buffer, view: View(contiguous: shape), dtype: .f32), on: backend)
  }

  /// A tensor of one repeated value.
  ///
  /// - Throws: ``BackendError`` if the backend does not have enough memory.
  public init(repeating value: Float, shape: Shape, dtype: DType = .f32, on backend: any Backend) throws {
    try self.init(uninitialized: shape, dtype: dtype, on: backend)
    try backend.fill(operand, with: value)
  }

  /// The extents.
  public var shape: Shape { operand.view.shape }
  /// The element type of the storage.
  public var dtype: DType { operand.dtype }

  /// The elements as floats, row-major. Waits for the backend to finish.
  ///
  /// - Throws: ``BackendError`` if the backend fails.
  public func floats() throws -> [Float] {
    let source = try cast(to: .f32).contiguous()
    let count = shape.elementCount
    return try [Float](unsafeUninitializedCapacity: count) { target, initialized in
      let bytes = UnsafeMutableRawBufferPointer(target)
      try backend.read(source.operand.buffer, byteOffset: source.operand.view.offset * 4, into: bytes)
      initialized = count
    }
  }
}
