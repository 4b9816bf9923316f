// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The Philox 4x32 block function with ten rounds.
///
/// J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11: a bijection of
/// 128-bit counters for each 64-bit key.
package enum Philox4x32 {
  /// The four words that belong to a counter and a key, lowest word first in each.
  package static func words(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var block = counter
    var key = key
    for _ in 0..<10 {
      let first = block[0].multipliedFullWidth(by: 0xd251_1f53)
      let second = block[2].multipliedFullWidth(by: 0xcd9e_8d57)
      block = SIMD4(
        second.high ^ block[1] ^ key[0], second.low, first.high ^ block[3] ^ key[1], first.low)
      key &+= SIMD2(0x9e37_79b9, 0xbb67_ae85)
    }
    return block
  }
}

/// The values of `torch.randn` (float32) on a CUDA device, made on the host.
///
/// Each value has a stream of its own: value i of call number c is made of the first two words x, y of
/// `Philox4x32.words(counter: (c, 0, i, 0), key: seed)` by the Box-Muller transform of cuRAND,
/// `u = x 2^-32 + 2^-33`, `v = 2 pi (y 2^-32 + 2^-33)`, `sqrt(-2 ln u) sin v`. This is the rule by which the Stable
/// Diffusion web UI (`rng_philox.py`) and its followers repeat a GPU's noise on a CPU.
///
/// Order: i is the row-major index into the shape asked for, so `[B, C, H, W]` there must be `[B, C, H, W]` here. A
/// GPU gives this order for as many values as it runs threads at once (from some 40000 to 300000, by the number of
/// its multiprocessors); beyond, it takes further values from the other words of a thread, and no longer agrees.
/// cuRAND computes in float and this in double (with the float value of `2 pi 2^-32`): the difference is about 1e-6,
/// and more only where u is next to 1, that is for values next to 0.
public struct PhiloxGenerator: NoiseSource {
  private let key: SIMD2<UInt32>
  private var call: UInt64 = 0

  /// Starts the stream; the key is the seed's low and high word.
  public init(seed: UInt64) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
  }

  /// The values of call number 0, 1, 2 ... of `torch.randn(shape, device="cuda")` since the seed was set.
  ///
  /// - Throws: `NoiseError.invalidShape`.
  public mutating func normals(shape: [Int]) throws(NoiseError) -> [Float] {
    let count = try NoiseLimits.count(of: shape)
    var values: [Float] = []
    values.reserveCapacity(count)
    var counter = SIMD4(UInt32(truncatingIfNeeded: call), UInt32(truncatingIfNeeded: call >> 32), 0, 0)
    for index in 0..<count {
      counter[2] = UInt32(index)
      values.append(Self.normal(Philox4x32.words(counter: counter, key: key)))
    }
    call &+= 1
    return values
  }

  private static let turn = Double(Float(2.328_306_4e-10 * 6.283_185_5))

  private static func normal(_ words: SIMD4<UInt32>) -> Float {
    let u = Double(words[0]) * 0x1p-32 + 0x1p-33
    let v = Double(words[1]) * turn + turn / 2
    return Float((-2 * log(u)).squareRoot() * sin(v))
  }
}
