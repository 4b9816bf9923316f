// SPDX-License-Identifier: Apache-2.0

/// What floats 0 and 255 of an 8-bit sample correspond to.
public enum SampleRange: Sendable, Hashable, CaseIterable {
  /// 0 ... 1: `v / 255`.
  case unit
  /// -1 ... 1: `2 v / 255 - 1`, what the networks take.
  case signed

  /// The float of an 8-bit sample.
  func float(of sample: UInt8) -> Float {
    switch self {
    case .unit: Float(sample) / 255
    case .signed: Float(sample) / 127.5 - 1
    }
  }

  /// The nearest 8-bit sample of a finite float, clamped to 0...255.
  func sample(of value: Float) -> UInt8 {
    let scaled =
      switch self {
      case .unit: value * 255
      case .signed: (value + 1) * 127.5
      }
    // Clamped before it is converted: a conversion out of range would trap.
    return UInt8(min(max(scaled.rounded(), 0), 255))
  }
}

extension Image {
  /// The samples as floats: `[height, width, channels]`, row-major.
  ///
  /// ``init(width:height:channels:floats:range:)`` gives the same image back, exactly.
  public func floats(_ range: SampleRange = .signed) -> [Float] {
    let table = (UInt8.min...UInt8.max).map(range.float(of:))
    return pixels.map { table[Int($0)] }
  }

  /// An image of floats, each rounded to the nearest 8-bit sample (not truncated) and clamped.
  ///
  /// - Parameters:
  ///   - floats: `[height, width, channels]`, row-major. Values beyond the range are clamped.
  ///   - range: What 0 and 255 correspond to.
  /// - Throws: ``ImageError/invalidValue(reason:)`` if a value is NaN or infinite;
  ///   otherwise as ``init(width:height:channels:pixels:)``.
  public init(
    width: Int, height: Int, channels: Int, floats: [Float], range: SampleRange = .signed
  ) throws(ImageError) {
    try Self.check(width: width, height: height, channels: channels, count: floats.count)
    if let index = floats.firstIndex(where: { !$0.isFinite }) {
      let pixel = index / channels
      throw .invalidValue(
        reason: "The image has the value \(floats[index]) at column \(pixel % width), row \(pixel / width)")
    }
    self.init(
      checkedWidth: width, height: height, channels: channels, pixels: floats.map(range.sample(of:)))
  }
}
