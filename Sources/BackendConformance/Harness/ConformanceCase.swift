// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A tensor of the oracle.
struct Values {
  let shape: Shape
  var elements: [Double]
}

/// What the oracle says about an output.
struct Expectation {
  /// The exact result of each element.
  var values: [Double]
  /// What the error of each element is relative to: the magnitude that the operation works with.
  var magnitudes: [Double]

  init(values: [Double], magnitudes: [Double]) {
    self.values = values
    self.magnitudes = magnitudes
  }

  /// An expectation whose errors are relative to the values.
  init(_ values: [Double]) { self.init(values: values, magnitudes: values.map(abs)) }
}

/// An input of a case.
struct Source: Sendable {
  enum Content: Sendable {
    case normal(mean: Double = 0, deviation: Double = 1)
    case uniform(ClosedRange<Double>)
    /// Repeated as often as needed.
    case list([Double])
    /// Stored as they are.
    case bits([UInt32])
    case computed(@Sendable (_ index: Int, inout SeededGenerator) -> Double)
  }

  var shape: Shape
  var dtype: DType = .f32
  var layout: Layout = .contiguous
  var content: Content = .normal()

  var label: String { "\(dtype) \(shape) \(layout.name)" }
}

/// How far an element may be from the oracle.
struct Tolerance: Sendable {
  var value: Double
  var reason: String
  /// Whether the output must have the very bits of the rounded exact result.
  var isExact = false

  /// The unit roundoff of `f32`.
  static let unit = 0x1p-24

  static let exact = Tolerance(value: 0, reason: "no arithmetic: rounding to the output's type only", isExact: true)

  /// A number of `f32` roundings.
  static func roundings(_ count: Double, _ reason: String) -> Tolerance {
    Tolerance(value: count * unit, reason: "\(short(count)) f32 roundings: \(reason)")
  }

  /// Sums in `f32`, in any order.
  static func sum(of count: Int, plus extra: Double = 2, _ reason: String = "") -> Tolerance {
    Tolerance(
      value: (extra + Double(count).squareRoot()) * unit,
      reason: "(\(short(extra)) + sqrt(\(count))) f32 roundings: the errors of a sum add up like a random walk, "
        + "relative to the sum of the magnitudes\(reason.isEmpty ? "" : "; \(reason)")")
  }

  /// What it grows by where factors of a weighted mean are rounded to an element type: each is off by its unit roundoff.
  func roundingFactors(_ count: Int, to dtype: DType) -> Tolerance {
    guard count > 0 else { return self }
    return Tolerance(
      value: value + Double(count) * Storage.unitRoundoff(dtype),
      reason: "\(reason); and \(count) rounding to \(dtype) of each weight")
  }

  func scaled(by factor: Double) -> Tolerance { Tolerance(value: value * factor, reason: reason, isExact: isExact) }
}

/// One call of a member, with the oracle's answer.
struct ConformanceCase: Sendable {
  var operation: String
  var details = ""
  var sources: [Source]
  var outShape: Shape
  var outDType: DType = .f32
  var outLayout: Layout = .contiguous
  var tolerance: Tolerance
  var isFused = false
  var isLarge = false
  var isNonFinite = false
  /// The sources that a backend of lower precision rounds before it multiplies them, each with what it is scaled by
  /// first.
  var factors: [Int: Float] = [:]
  /// How many more factors, of size 1 at most, are rounded on the way.
  var innerFactors = 0
  /// Calls the member.
  var compute: @Sendable (any Backend, _ sources: [Operand], _ out: Operand) throws -> Void
  /// The exact answer, from the stored values of the sources.
  var oracle: @Sendable (_ sources: [Values]) -> Expectation

  var description: String {
    let inputs = sources.map(\.label).joined(separator: ", ")
    let middle = inputs.isEmpty ? "" : "\(inputs) "
    return "\(details.isEmpty ? "" : "\(details); ")\(middle)-> \(outDType) \(outShape) \(outLayout.name)"
  }
}
