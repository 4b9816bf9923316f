// SPDX-License-Identifier: Apache-2.0

/// Stored floats, little-endian and at any alignment, as `Float`.
enum FloatDecoding {
  /// Converts every element; the number of bytes must be a multiple of the element's size.
  static func floats(_ bytes: UnsafeRawBufferPointer, _ dtype: DType) -> [Float] {
    let count = bytes.count / dtype.byteWidth
    return [Float](unsafeUninitializedCapacity: count) { output, initialized in
      switch dtype {
      case .f32:
        for i in 0..<count { output.initializeElement(at: i, to: Float(bitPattern: word32(bytes, i))) }
      case .f16:
        for i in 0..<count { output.initializeElement(at: i, to: float(half: word16(bytes, i))) }
      case .bf16:
        for i in 0..<count { output.initializeElement(at: i, to: Float(bitPattern: UInt32(word16(bytes, i)) << 16)) }
      }
      initialized = count
    }
  }

  /// The index of the first infinity or not-a-number: an element whose exponent bits are all ones.
  static func firstNonFinite(_ bytes: UnsafeRawBufferPointer, _ dtype: DType) -> Int? {
    let count = bytes.count / dtype.byteWidth
    switch dtype {
    case .f32:
      return firstSaturated(count, 0x8000_0000) { (word32(bytes, $0) & 0x7F80_0000) &+ 0x0080_0000 }
    case .f16:
      return firstSaturated(count, 0x8000) { (UInt32(word16(bytes, $0)) & 0x7C00) &+ 0x0400 }
    case .bf16:
      return firstSaturated(count, 0x8000) { (UInt32(word16(bytes, $0)) & 0x7F80) &+ 0x0080 }
    }
  }

  /// IEEE 754 binary16 to binary32, exact, with subnormals; a not-a-number keeps its payload.
  ///
  /// The exponent and fraction are moved to their binary32 places, where the exponent is too small by the difference
  /// of the biases (127 - 15 = 112). One multiplication by 2^112 repairs it and normalises subnormals at once. There
  /// is no branch, so the loop above becomes vector code; `Float(Float16)` costs a library call for each element.
  @inline(__always)
  static func float(half: UInt16) -> Float {
    let magnitude = UInt32(half & 0x7FFF) << 13
    let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
    let finite: UInt32 = half & 0x7C00 == 0x7C00 ? 0 : .max
    let special = magnitude | 0x7F80_0000
    return Float(bitPattern: (scaled & finite) | (special & ~finite) | UInt32(half & 0x8000) << 16)
  }

  @inline(__always)
  private static func word32(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
  }

  @inline(__always)
  private static func word16(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UInt16 {
    UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self))
  }

  /// The first index at which the carry out of the exponent is set.
  ///
  /// A block is tested as a whole, since almost every block of almost every file has nothing to find.
  @inline(__always)
  private static func firstSaturated(_ count: Int, _ carry: UInt32, _ exponent: (Int) -> UInt32) -> Int? {
    var start = 0
    while start < count {
      let end = min(start + 4096, count)
      var seen: UInt32 = 0
      for i in start..<end { seen |= exponent(i) }
      if seen & carry != 0 { return (start..<end).first { exponent($0) & carry != 0 } }
      start = end
    }
    return nil
  }
}
