// SPDX-License-Identifier: Apache-2.0

/// A mean, and how far single runs lie from it.
public struct Spread: Sendable, Codable {
  public let mean: Double
  /// The standard deviation of the values, with n - 1; nil of a single one.
  public let deviation: Double?

  /// Nil of no value.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : nil
  }
}
