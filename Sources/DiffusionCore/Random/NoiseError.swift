// SPDX-License-Identifier: Apache-2.0

/// What can go wrong when noise is asked for.
public enum NoiseError: Error, Equatable, CustomStringConvertible {
  /// A negative extent, or more values than `NoiseLimits.maximumCount`.
  case invalidShape([Int])
  /// The generator does not take this seed; `maximum` is the largest that it takes.
  case seedOutOfRange(seed: UInt64, maximum: UInt64)
  /// Recorded noise ran out: all `recorded` arrays have been used.
  case exhausted(recorded: Int)
  /// The recorded array number `index` (from 0) has `recorded` values where `requested` were asked for.
  case sizeMismatch(index: Int, recorded: Int, requested: Int)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .invalidShape(let shape):
      "noise of shape \(shape) cannot be made: extents are at least 0, values at most \(NoiseLimits.maximumCount)"
    case .seedOutOfRange(let seed, let maximum):
      "seed \(seed) is out of range: this generator takes 0...\(maximum)"
    case .exhausted(let recorded):
      "recorded noise ran out after \(recorded) arrays"
    case .sizeMismatch(let index, let recorded, let requested):
      "recorded noise \(index) has \(recorded) values, but \(requested) were asked for"
    }
  }
}

/// Bounds on a single draw.
public enum NoiseLimits {
  /// The most values that one call gives: 2^30, which is 4 GiB. A latent for 16384 x 16384 pixels has 2^24.
  package static let maximumCount = 1 << 30

  /// The number of values in `shape`, checked.
  ///
  /// - Throws: `NoiseError.invalidShape` for a negative extent or a product above `maximumCount`.
  public static func count(of shape: [Int]) throws(NoiseError) -> Int {
    guard shape.allSatisfy({ $0 >= 0 }) else { throw .invalidShape(shape) }
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= maximumCount else { throw .invalidShape(shape) }
      count = product
    }
    return count
  }
}

extension NoiseError: CategorizedError {
  public var category: ErrorCategory { .usage }
}
