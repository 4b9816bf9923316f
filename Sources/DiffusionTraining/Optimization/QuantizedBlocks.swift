// SPDX-License-Identifier: Apache-2.0

/// Numbers in 8 bits each, in blocks of 256 that share a scale: the block's largest magnitude.
///
/// The 256 values of a code lie densest near zero: seven decades, each with twice the steps of the one below (the dynamic
/// tree of Dettmers et al., "8-bit Optimizers via Block-wise Quantization", 2022). Both kinds of moments need that: first
/// moments of either sign, second moments of none.
public struct QuantizedBlocks: Sendable, Hashable {
  /// How many numbers share a scale.
  public static let blockCount = 256

  /// Whether numbers have a sign.
  public let isSigned: Bool
  /// A code for each number.
  public let codes: [UInt8]
  /// A scale for each block.
  public let scales: [Float]

  /// Codes that were made before.
  public init(isSigned: Bool, codes: [UInt8], scales: [Float]) {
    precondition(scales.count == Self.scaleCount(of: codes.count), "\(scales.count) scales for \(codes.count) codes")
    self.isSigned = isSigned
    self.codes = codes
    self.scales = scales
  }

  /// Numbers, each to its nearest value.
  ///
  /// - Parameter values: finite; not negative where there is no sign.
  public init(_ values: [Float], isSigned: Bool) {
    self.isSigned = isSigned
    let table = Self.table(isSigned)
    // Halfway between a value and the next.
    let bounds = zip(table, table.dropFirst()).map { ($0 + $1) / 2 }
    var scales: [Float] = []
    scales.reserveCapacity(Self.scaleCount(of: values.count))
    codes = [UInt8](unsafeUninitializedCapacity: values.count) { codes, count in
      for start in stride(from: 0, to: values.count, by: Self.blockCount) {
        let block = start..<min(start + Self.blockCount, values.count)
        var largest: Float = 0
        for index in block { largest = max(largest, abs(values[index])) }
        scales.append(largest)
        let factor = largest > 0 ? 1 / largest : 0
        for index in block {
          let value = values[index] * factor
          // How many bounds lie below: eight halvings of 255.
          var low = 0
          for step in [128, 64, 32, 16, 8, 4, 2, 1] where low + step <= 255 && bounds[low + step - 1] < value {
            low += step
          }
          // A small second moment must not become 0: the step is divided by its root, and would know no bounds.
          if !isSigned && low == 0 && values[index] > 0 { low = 1 }
          codes.initializeElement(at: index, to: UInt8(low))
        }
      }
      count = values.count
    }
    self.scales = scales
  }

  /// The numbers again.
  public var values: [Float] {
    let table = Self.table(isSigned)
    return [Float](unsafeUninitializedCapacity: codes.count) { values, count in
      for index in codes.indices {
        values.initializeElement(at: index, to: table[Int(codes[index])] * scales[index / Self.blockCount])
      }
      count = codes.count
    }
  }

  /// How many scales there are.
  public static func scaleCount(of count: Int) -> Int { (count + blockCount - 1) / blockCount }

  static func table(_ isSigned: Bool) -> [Float] { isSigned ? signed : unsigned }

  private static let signed = makeTable(isSigned: true)
  private static let unsigned = makeTable(isSigned: false)

  /// 256 rising values from -1, or 0, to 1.
  private static func makeTable(isSigned: Bool) -> [Float] {
    var values: [Double] = [0, 1]
    var decade = 1e-6
    for exponent in 0..<7 {
      let steps = isSigned ? 1 << exponent : 2 << exponent
      for step in 0..<steps {
        // The middles of equal parts of 0.1...1.
        let value = decade * (0.1 + 0.9 * (Double(step) + 0.5) / Double(steps))
        values.append(value)
        if isSigned { values.append(-value) }
      }
      decade *= 10
    }
    return values.sorted().map(Float.init)
  }
}
