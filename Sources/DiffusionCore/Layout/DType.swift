// SPDX-License-Identifier: Apache-2.0

/// The element type of a tensor's storage.
///
/// Storage may be half precision; every matrix product, convolution, norm, softmax and reduction accumulates in
/// `f32`, whatever the storage.
public enum DType: String, Sendable, Hashable, CaseIterable, Codable {
  /// IEEE 754 binary32.
  case f32
  /// IEEE 754 binary16.
  case f16
  /// The upper half of a binary32: eight exponent bits, seven fraction bits.
  case bf16

  /// The size of one element in bytes.
  public var byteWidth: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    }
  }
}
