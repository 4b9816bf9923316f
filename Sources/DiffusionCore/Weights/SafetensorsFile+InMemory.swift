// SPDX-License-Identifier: Apache-2.0

extension SafetensorsFile {
  /// A file in memory of numbers in `f32`.
  ///
  /// - Throws: ``WeightError``, as for a file on disk.
  package static func inMemory(
    _ tensors: [(key: String, shape: [Int], values: [Float])], metadata: [String: String] = [:], name: String
  ) throws(WeightError) -> SafetensorsFile {
    let (header, byteCounts) = try SafetensorsWriter.header(
      tensors.map { .init(key: $0.key, dtype: .f32, shape: $0.shape) }, metadata, file: name)
    let owner = OwnedBytes(count: 8 + header.count + byteCounts.reduce(0, +))
    owner.bytes.storeBytes(of: UInt64(header.count).littleEndian, as: UInt64.self)
    UnsafeMutableRawBufferPointer(rebasing: owner.bytes[8..<8 + header.count]).copyBytes(from: header)
    var offset = 8 + header.count
    for (tensor, count) in zip(tensors, byteCounts) {
      precondition(tensor.values.count * 4 == count, "\(tensor.key) has \(tensor.values.count) numbers")
      for (index, value) in tensor.values.enumerated() {
        owner.bytes.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: offset + 4 * index, as: UInt32.self)
      }
      offset += count
    }
    return try SafetensorsFile(bytes: UnsafeRawBufferPointer(owner.bytes), name: name, owner: owner)
  }
}

/// Memory that goes with its last reference.
private final class OwnedBytes {
  let bytes: UnsafeMutableRawBufferPointer

  init(count: Int) {
    bytes = .allocate(byteCount: count, alignment: 64)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { bytes.deallocate() }
}
