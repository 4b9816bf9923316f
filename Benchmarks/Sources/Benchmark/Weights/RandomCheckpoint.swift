// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A checkpoint of random weights, as the Colorize API loads one.
enum RandomCheckpoint {
  /// Writes it, one tensor at a time.
  ///
  /// - Throws: `WeightError` if the disk refuses.
  static func write(_ configuration: ModelConfiguration, dtype: DType, to path: String) throws {
    let parameters = try ColorizationNetwork.parameters(of: configuration)
    let writer = try SafetensorsWriter(
      path: path,
      tensors: parameters.map { .init(key: $0.key, dtype: SafetensorsDType(dtype), shape: $0.shape.extents) },
      metadata: ["weights": "random"])
    let backend = try CPUBackend()
    let source = try RandomParameters(backend: backend, dtype: dtype)
    for (key, shape) in parameters {
      let tensor = try source.parameter(key, shape: shape)
      let byteCount = shape.elementCount * dtype.byteWidth
      try withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 16) { bytes in
        let bytes = UnsafeMutableRawBufferPointer(bytes)
        try backend.read(tensor.operand.buffer, byteOffset: 0, into: bytes)
        try writer.write(key, UnsafeRawBufferPointer(bytes))
      }
    }
    try writer.finish()
    backend.releaseCachedMemory()
  }
}
