// SPDX-License-Identifier: Apache-2.0

extension MemoryMeter {
  /// A tensor that stands for a weight in a mapped file.
  ///
  /// - Throws: ``BackendError``.
  public func mappedTensor(_ shape: Shape, dtype: DType) throws -> Tensor {
    let byteCount = shape.elementCount * dtype.byteWidth
    let buffer = try makeMapped?(byteCount) ?? backend.makeBuffer(byteCount: byteCount)
    return Tensor(Operand(buffer: buffer, view: View(contiguous: shape), dtype: dtype), on: backend)
  }
}
