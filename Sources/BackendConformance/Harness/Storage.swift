// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// The oracle's own conversions between element types, so that the library's are not tested against themselves.
enum Storage {
  /// The bits of the nearest representable number, ties to even.
  static func encode(_ x: Double, as dtype: DType) -> UInt32 {
    switch dtype {
    case .f32: return Float(x).bitPattern
    case .f16: return UInt32(Float16(x).bitPattern)
    case .bf16:
      let bits = Float(x).bitPattern
      if x.isNaN { return bits >> 16 | 0x40 }
      let (quotient, rest) = (bits >> 16, bits & 0xffff)
      return quotient + (rest > 0x8000 || (rest == 0x8000 && quotient & 1 == 1) ? 1 : 0)
    }
  }

  /// The number that the bits stand for.
  static func decode(_ bits: UInt32, from dtype: DType) -> Double {
    switch dtype {
    case .f32: return Double(Float(bitPattern: bits))
    case .bf16: return Double(Float(bitPattern: bits << 16))
    case .f16:
      let (exponent, fraction) = (Int(bits >> 10 & 0x1f), Double(bits & 0x3ff))
      let magnitude: Double =
        switch exponent {
        case 0x1f: fraction == 0 ? .infinity : .nan
        case 0: fraction * 0x1p-24
        default: (1 + fraction * 0x1p-10) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
        }
      return bits & 0x8000 == 0 ? magnitude : -magnitude
    }
  }

  /// Half the distance between neighbours, relative to the number: what rounding to nearest can cost.
  static func unitRoundoff(_ dtype: DType) -> Double {
    switch dtype {
    case .f32: 0x1p-24
    case .f16: 0x1p-11
    case .bf16: 0x1p-8
    }
  }

  /// Half the distance between the subnormal numbers.
  static func subnormalRoundoff(_ dtype: DType) -> Double {
    switch dtype {
    case .f32: 0x1p-150
    case .f16: 0x1p-25
    case .bf16: 0x1p-134
    }
  }

  /// A quiet NaN with a pattern that no computation makes, so that an element that was never written shows.
  static func poison(_ dtype: DType) -> UInt32 {
    switch dtype {
    case .f32: 0x7fda_5a5a
    case .f16: 0x7e5a
    case .bf16: 0x7fda
    }
  }

  /// As many bytes of poison as elements need.
  static func poisoned(_ count: Int, _ dtype: DType) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count * dtype.byteWidth)
    for index in 0..<count { write(poison(dtype), at: index, dtype, into: &bytes) }
    return bytes
  }

  static func write(_ bits: UInt32, at index: Int, _ dtype: DType, into bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { raw in
      switch dtype {
      case .f32: raw.storeBytes(of: bits, toByteOffset: index * 4, as: UInt32.self)
      case .f16, .bf16: raw.storeBytes(of: UInt16(truncatingIfNeeded: bits), toByteOffset: index * 2, as: UInt16.self)
      }
    }
  }

  static func read(at index: Int, _ dtype: DType, from raw: UnsafeRawBufferPointer) -> UInt32 {
    switch dtype {
    case .f32: raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
    case .f16, .bf16: UInt32(raw.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
    }
  }
}
