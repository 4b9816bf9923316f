// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Random numbers of one place in a training: a stream that the seed and the place's own numbers alone decide.
///
/// There is no state that runs through a training. What step 1000 draws can be drawn without the 999 before it, so that a
/// training that is resumed, or draws its samples on other threads, sees the same numbers.
///
/// The generator is SplitMix64 (Steele, Lea, Flood 2014).
public struct TrainingRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The stream of a place.
  ///
  /// - Parameter place: such as what is drawn, the step, and the sample's number in it.
  public init(seed: UInt64, _ place: UInt64...) {
    state = Self.mixed(seed &+ 0x9E37_79B9_7F4A_7C15)
    for number in place { state = Self.mixed(state ^ Self.mixed(number &+ 0x9E37_79B9_7F4A_7C15)) }
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mixed(state)
  }

  /// A number in 0..<1, of 53 bits.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number in a range.
  public mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + unit() * (range.upperBound - range.lowerBound)
  }

  /// Whether something happens that does so with a probability.
  public mutating func happens(_ probability: Double) -> Bool { unit() < probability }

  /// A whole number in 0..<count; the standard library's own way may change with its version.
  ///
  /// - Precondition: `count` is at least 1.
  public mutating func index(_ count: Int) -> Int { min(count - 1, Int(unit() * Double(count))) }

  /// The numbers 0..<count in random order (Fisher and Yates).
  public mutating func order(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, index(last + 1)) }
    return order
  }

  /// Standard normal numbers (Box and Muller 1958).
  public mutating func normals(_ count: Int) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(count + 1)
    while values.count < count {
      let radius = (-2 * log(1 - unit())).squareRoot()
      let angle = 2 * Double.pi * unit()
      values.append(Float(radius * cos(angle)))
      values.append(Float(radius * sin(angle)))
    }
    values.removeLast(values.count - count)
    return values
  }
}
