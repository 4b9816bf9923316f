// SPDX-License-Identifier: Apache-2.0

import Glibc

/// PyTorch's CPU generator: the values of `torch.randn` (float32) after `torch.manual_seed(seed)`.
///
/// Rules read from ATen (`MT19937RNGEngine.h`, `DistributionsHelper.h`, `native/cpu/DistributionTemplates.h`):
///
/// - MT19937 is seeded with the low 32 bits of the seed.
/// - 16 values or more: float uniforms `u = (word & (2^24 - 1)) / 2^24`; then each block of 16 takes
///   `r = sqrt(-2 ln(1 - u[j]))`, `theta = 2 pi u[j + 8]`, and gives `r cos(theta)` at j and `r sin(theta)` at j + 8,
///   for j in 0..<8. If the count is no multiple of 16, the last 16 values are made again of 16 fresh uniforms.
/// - Fewer: double uniforms of 53 bits u1, u2; `r = sqrt(-2 log1p(-u2))`, `theta = 2 pi u1`; `r cos(theta)` now,
///   and `r sin(theta)` is kept for the next value, even of a later call.
///
/// Fewer than 16 values are PyTorch's bit for bit. From 16 on, they are those of PyTorch's plain (not vectorised)
/// kernel bit for bit where both use the same libm. Its AVX2 kernel, which a usual x86-64 machine runs, has its own
/// float polynomials for log, sin and cos and rounds theta to float first: 2.4e-6 apart at most over 4 million values
/// (torch 2.15), so 4e-6 (absolute) is the tolerance to compare with.
public struct TorchCPUGenerator: NoiseSource {
  private static let block = 16

  private var engine: MersenneTwister
  private var cachedNormal: Double?

  /// Starts the stream. All 64-bit seeds are taken, but those with the same low 32 bits give the same stream. A
  /// negative seed s of PyTorch is 2^64 + s here, as there.
  public init(seed: UInt64) {
    engine = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed))
  }

  /// The values of `torch.randn(shape)` (contiguous, float32).
  ///
  /// - Throws: `NoiseError.invalidShape`.
  public mutating func normals(shape: [Int]) throws(NoiseError) -> [Float] {
    let count = try NoiseLimits.count(of: shape)
    return count < Self.block ? scalarNormals(count: count) : blockNormals(count: count)
  }

  private mutating func scalarNormals(count: Int) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(Float(scalarNormal())) }
    return values
  }

  private mutating func scalarNormal() -> Double {
    if let cached = cachedNormal {
      cachedNormal = nil
      return cached
    }
    let angle = uniformDouble()
    let length = uniformDouble()
    let radius = (-2 * log1p(-length)).squareRoot()
    let theta = 2 * Double.pi * angle
    cachedNormal = radius * sin(theta)
    return radius * cos(theta)
  }

  private mutating func blockNormals(count: Int) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(uniformFloat()) }
    for start in stride(from: 0, through: count - Self.block, by: Self.block) {
      Self.transform(&values, from: start)
    }
    if count % Self.block != 0 {
      let start = count - Self.block
      for index in start..<count { values[index] = uniformFloat() }
      Self.transform(&values, from: start)
    }
    return values
  }

  private static func transform(_ values: inout [Float], from start: Int) {
    let half = block / 2
    for index in start..<(start + half) {
      // Uniforms are in [0, 1): 1 - u is in (0, 1], where the logarithm is finite.
      let radius = (-2 * log(1 - values[index])).squareRoot()
      // The product is a double there, and rounded to float afterwards.
      let theta = Float(2 * Double.pi * Double(values[index + half]))
      values[index] = radius * cos(theta)
      values[index + half] = radius * sin(theta)
    }
  }

  private mutating func uniformFloat() -> Float {
    Float(engine.nextWord() & 0xff_ffff) * 0x1p-24
  }

  private mutating func uniformDouble() -> Double {
    Double(engine.next() & 0x1f_ffff_ffff_ffff) * 0x1p-53
  }
}
