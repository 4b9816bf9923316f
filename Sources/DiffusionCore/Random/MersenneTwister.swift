// SPDX-License-Identifier: Apache-2.0

/// The 32-bit Mersenne Twister MT19937, period 2^19937 - 1.
///
/// M. Matsumoto and T. Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random number
/// generator", ACM TOMACS 8 (1998); seeded with `init_genrand` of their 2002 version. PyTorch's CPU generator and
/// NumPy's RandomState both stand on it, and differ in how they make normals of its words.
public struct MersenneTwister: Sendable, RandomNumberGenerator {
  private static let size = 624
  private static let shift = 397

  private var state: [UInt32]
  private var position: Int

  /// Fills the state from a 32-bit seed: `s[i] = 1812433253 * (s[i-1] ^ (s[i-1] >> 30)) + i`.
  public init(seed: UInt32) {
    var state = [UInt32](repeating: seed, count: Self.size)
    for index in 1..<Self.size {
      let previous = state[index - 1]
      state[index] = 1_812_433_253 &* (previous ^ (previous >> 30)) &+ UInt32(index)
    }
    self.state = state
    self.position = Self.size
  }

  /// The next tempered 32-bit word.
  public mutating func nextWord() -> UInt32 {
    if position == Self.size {
      regenerate()
      position = 0
    }
    var word = state[position]
    position += 1
    word ^= word >> 11
    word ^= (word << 7) & 0x9d2c_5680
    word ^= (word << 15) & 0xefc6_0000
    word ^= word >> 18
    return word
  }

  /// Two words as 64 bits, the first drawn in the upper half (as PyTorch joins them).
  public mutating func next() -> UInt64 {
    let high = UInt64(nextWord())
    return high << 32 | UInt64(nextWord())
  }

  private mutating func regenerate() {
    for index in 0..<Self.size {
      let next = index + 1 == Self.size ? 0 : index + 1
      let far = index + Self.shift < Self.size ? index + Self.shift : index + Self.shift - Self.size
      let joined = (state[index] & 0x8000_0000) | (state[next] & 0x7fff_ffff)
      state[index] = state[far] ^ (joined >> 1) ^ (joined & 1 == 0 ? 0 : 0x9908_b0df)
    }
  }
}
