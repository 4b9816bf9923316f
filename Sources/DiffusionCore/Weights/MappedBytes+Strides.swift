// SPDX-License-Identifier: Apache-2.0

extension MappedBytes {
  /// The elements of a view, put one after the other in row-major order, in memory of their own.
  ///
  /// - Parameters:
  ///   - shape: the extents, all above 0.
  ///   - strides: in elements; the last element lies within the bytes.
  ///   - elementSize: in bytes.
  func gathered(shape: [Int], strides: [Int], elementSize: Int) -> MappedBytes {
    withUnsafeBytes { source in
      let count = shape.reduce(1, *)
      let owner = OwnedBytes(count: count * elementSize)
      var index = [Int](repeating: 0, count: shape.count)
      var place = 0
      for element in 0..<count {
        for byte in 0..<elementSize {
          owner.bytes[element * elementSize + byte] = source[place * elementSize + byte]
        }
        // Counts up the last dimension, and carries over. Strides of dimensions of one element may be any number, and
        // a step beyond the end is taken back: so the sums wrap.
        for dimension in shape.indices.reversed() {
          index[dimension] += 1
          place &+= strides[dimension]
          if index[dimension] < shape[dimension] { break }
          place &-= index[dimension] &* strides[dimension]
          index[dimension] = 0
        }
      }
      let bytes = UnsafeRawBufferPointer(owner.bytes)
      return MappedBytes(MappedRegion(borrowing: bytes, owner: owner), 0..<bytes.count)
    }
  }
}

/// Memory that goes with its last reference.
private final class OwnedBytes {
  let bytes: UnsafeMutableRawBufferPointer

  init(count: Int) { bytes = .allocate(byteCount: count, alignment: 64) }

  deinit { bytes.deallocate() }
}
