// SPDX-License-Identifier: Apache-2.0

import Glibc

/// NumPy's legacy generator: the values of `numpy.random.RandomState(seed).randn(...)`, rounded to float32.
///
/// MT19937 under Marsaglia's polar method (`legacy_gauss` of NumPy's `legacy-distributions.c`): uniforms of 53 bits
/// `u = ((a >> 5) * 2^26 + (b >> 6)) / 2^53` of two words a, b; `x = 2 u - 1` twice, drawn again until
/// `0 < r2 = x1^2 + x2^2 < 1`; `f = sqrt(-2 ln(r2) / r2)`; `f x2` now, and `f x1` is kept for the next value, even of
/// a later call. NumPy promises never to change this stream. The same as NumPy bit for bit, where both use the same
/// libm for the logarithm.
public struct NumPyGenerator: NoiseSource {
  private var engine: MersenneTwister
  private var cachedNormal: Double?

  /// Starts the stream.
  ///
  /// - Throws: `NoiseError.seedOutOfRange` above 2^32 - 1, which NumPy refuses too.
  public init(seed: UInt64) throws(NoiseError) {
    guard let word = UInt32(exactly: seed) else {
      throw .seedOutOfRange(seed: seed, maximum: UInt64(UInt32.max))
    }
    engine = MersenneTwister(seed: word)
  }

  /// The values of `randn(*shape).astype(float32)`.
  ///
  /// - Throws: `NoiseError.invalidShape`.
  public mutating func normals(shape: [Int]) throws(NoiseError) -> [Float] {
    let count = try NoiseLimits.count(of: shape)
    var values: [Float] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(Float(normal())) }
    return values
  }

  private mutating func normal() -> Double {
    if let cached = cachedNormal {
      cachedNormal = nil
      return cached
    }
    while true {
      let x1 = 2 * uniform() - 1
      let x2 = 2 * uniform() - 1
      let square = x1 * x1 + x2 * x2
      guard square < 1, square != 0 else { continue }
      let factor = (-2 * log(square) / square).squareRoot()
      cachedNormal = factor * x1
      return factor * x2
    }
  }

  private mutating func uniform() -> Double {
    let high = engine.nextWord() >> 5
    let low = engine.nextWord() >> 6
    return (Double(high) * 0x1p26 + Double(low)) * 0x1p-53
  }
}
