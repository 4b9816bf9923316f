// SPDX-License-Identifier: Apache-2.0

/// One weight of a model: raw bytes with their type and shape, ready to be copied, repacked or used in place.
public struct WeightEntry: Sendable {
  /// The full key.
  public let key: String
  /// The element type in the file.
  public let dtype: DType
  /// The shape that the model asked for, in the file's order (`[out, in, kh, kw]`, `[out, in]`).
  public let shape: [Int]
  /// The elements, little-endian, in row-major order.
  public let bytes: MappedBytes
  /// Whether this stands in for a weight that is missing or unfit.
  ///
  /// It then reads as zeros, so that a model can be built to its end and all faults be told at once:
  /// ``WeightReader/finish()`` will throw.
  public let isPlaceholder: Bool

  /// The number of elements.
  public var elementCount: Int { bytes.count / dtype.byteWidth }

  /// The elements, converted to `Float`.
  public func floats() -> [Float] {
    bytes.withUnsafeBytes { FloatDecoding.floats($0, dtype) }
  }

  /// Zeros in binary16, the smaller half of what a real entry would occupy.
  static func placeholder(_ key: String, _ shape: [Int]) throws(WeightError) -> WeightEntry {
    guard let size = SafetensorsDType.f16.size(of: shape), let zeros = MappedRegion.zeros(count: size.bytes) else {
      throw .impossibleShape(key: key, shape: shape)
    }
    return WeightEntry(
      key: key, dtype: .f16, shape: shape, bytes: MappedBytes(zeros, 0..<size.bytes), isPlaceholder: true)
  }
}
