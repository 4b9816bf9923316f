// SPDX-License-Identifier: Apache-2.0

/// The parameters of a checkpoint, moved to a backend as they are asked for.
///
/// Missing and mis-shaped keys are collected by the reader; ask it to `finish()` when the model is built.
public struct CheckpointParameters: ParameterSource {
  /// How parameters are kept in memory.
  public enum Storage: Sendable, Hashable {
    /// In the checkpoint's element type; mapped from the file where the backend can use it in place.
    case asStored
    /// Converted to that element type; `f32` stands for the backend's storage type.
    case converted(DType)
  }

  let reader: WeightReader
  let backend: any Backend
  let storage: Storage
  private var meter: LoadingMeter?

  /// Parameters from below the root of a reader.
  public init(_ reader: WeightReader, backend: any Backend, storage: Storage = .asStored) {
    self.reader = reader
    self.backend = backend
    self.storage = storage
  }

  /// The same, with a meter that is told of every parameter.
  init(_ reader: WeightReader, backend: any Backend, storage: Storage, meter: LoadingMeter) {
    self.init(reader, backend: backend, storage: storage)
    self.meter = meter
  }

  public func parameter(_ key: String, shape: Shape) throws -> Tensor {
    let entry = try reader.take(key, shape: shape.extents)
    if entry.isPlaceholder {
      // A stand-in of one element: the load fails as a whole later, and must not fill memory before.
      return try Tensor(repeating: 0, shape: [], on: backend).broadcast(to: shape)
    }
    try meter?.add(entry.bytes.count)
    // Files need not align their tensors; a misaligned one is copied.
    let buffer = try entry.bytes.withUnsafeBytes { bytes in
      entry.bytes.isAligned(to: entry.dtype.byteWidth)
        ? try backend.makeBuffer(mapping: bytes, owner: MappingOwner(bytes: entry.bytes))
        : try backend.makeBuffer(copying: bytes)
    }
    let stored = Tensor(
      Operand(buffer: buffer, view: View(contiguous: shape), dtype: entry.dtype), on: backend)
    switch storage {
    case .asStored: return stored
    case .converted(let dtype): return try stored.cast(to: dtype == .f32 ? backend.storageType : dtype)
    }
  }

  public func contains(_ key: String) -> Bool { reader.has(key) }

  private final class MappingOwner: Sendable {
    let bytes: MappedBytes
    init(bytes: MappedBytes) { self.bytes = bytes }
  }
}
