// SPDX-License-Identifier: Apache-2.0

/// The element types that the safetensors format knows, under their names in the header.
///
/// Only `F32`, `F16` and `BF16` can be read as weights. The others are listed so that a checkpoint that also carries
/// integer counters or double precision schedule buffers still opens: those tensors are skipped, not misread.
///
/// Source of the list: the `Dtype` enumeration of the reference implementation
/// (<https://github.com/huggingface/safetensors>).
public enum SafetensorsDType: String, Sendable, Hashable, CaseIterable {
  /// IEEE 754 binary32.
  case f32 = "F32"
  /// IEEE 754 binary16.
  case f16 = "F16"
  /// The upper half of a binary32.
  case bf16 = "BF16"
  /// IEEE 754 binary64.
  case f64 = "F64"
  /// A complex number of two binary32.
  case c64 = "C64"
  /// A truth value in one byte.
  case bool = "BOOL"
  /// An unsigned integer of 8 bits.
  case u8 = "U8"
  /// A signed integer of 8 bits.
  case i8 = "I8"
  /// An unsigned integer of 16 bits.
  case u16 = "U16"
  /// A signed integer of 16 bits.
  case i16 = "I16"
  /// An unsigned integer of 32 bits.
  case u32 = "U32"
  /// A signed integer of 32 bits.
  case i32 = "I32"
  /// An unsigned integer of 64 bits.
  case u64 = "U64"
  /// A signed integer of 64 bits.
  case i64 = "I64"
  /// An 8-bit float: 5 exponent bits, 2 fraction bits.
  case f8e5m2 = "F8_E5M2"
  /// An 8-bit float: 4 exponent bits, 3 fraction bits.
  case f8e4m3 = "F8_E4M3"
  /// An 8-bit power of two, used as the scale of a block.
  case f8e8m0 = "F8_E8M0"
  /// An 8-bit float like `F8_E5M2` without infinities and negative zero.
  case f8e5m2fnuz = "F8_E5M2FNUZ"
  /// An 8-bit float like `F8_E4M3` without infinities and negative zero.
  case f8e4m3fnuz = "F8_E4M3FNUZ"
  /// A 6-bit float: 2 exponent bits, 3 fraction bits.
  case f6e2m3 = "F6_E2M3"
  /// A 6-bit float: 3 exponent bits, 2 fraction bits.
  case f6e3m2 = "F6_E3M2"
  /// A 4-bit float: 2 exponent bits, 1 fraction bit.
  case f4 = "F4"

  /// The stored form of a tensor element type.
  public init(_ dtype: DType) {
    switch dtype {
    case .f32: self = .f32
    case .f16: self = .f16
    case .bf16: self = .bf16
    }
  }

  /// The tensor element type with the same bits, or `nil` if the tensor cannot be read as weights.
  public var dtype: DType? {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .bf16: .bf16
    default: nil
    }
  }

  /// The size of one element in bits; the small floats pack elements without padding.
  public var bitWidth: Int {
    switch self {
    case .f4: 4
    case .f6e2m3, .f6e3m2: 6
    case .bool, .u8, .i8, .f8e5m2, .f8e4m3, .f8e8m0, .f8e5m2fnuz, .f8e4m3fnuz: 8
    case .u16, .i16, .f16, .bf16: 16
    case .u32, .i32, .f32: 32
    case .u64, .i64, .f64, .c64: 64
    }
  }

  /// The number of elements and bytes of a tensor of this type.
  ///
  /// - Returns: `nil` if a dimension is negative, if a product does not fit in `Int`, or if the elements do not fill
  ///   whole bytes.
  func size(of shape: [Int]) -> (elements: Int, bytes: Int)? {
    var elements = 1
    for dimension in shape {
      guard dimension >= 0 else { return nil }
      let (product, overflow) = elements.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      elements = product
    }
    let (bits, overflow) = elements.multipliedReportingOverflow(by: bitWidth)
    // Bits, not bytes, are checked for overflow: no file comes within a factor of eight of the limit.
    guard !overflow, bits % 8 == 0 else { return nil }
    return (elements, bits / 8)
  }
}
