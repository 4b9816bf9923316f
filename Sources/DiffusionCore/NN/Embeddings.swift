// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The sinusoidal embedding of scalars (Vaswani et al. 2017), cosines first.
///
/// Frequencies are `exp(-ln(10000) i / (dim / 2))`, `i = 0 ..< dim / 2`; the result is `[cos(t f), sin(t f)]`, with a zero
/// at the end if `dim` is odd. `t` may be fractional.
///
/// - Returns: `[values.count, dim]`, row-major.
public func sinusoidalEmbedding(_ values: [Float], dim: Int) -> [Float] {
  let half = dim / 2
  let frequencies = (0..<half).map { expf(-logf(10000) * Float($0) / Float(half)) }
  return values.flatMap { value in
    frequencies.map { cosf(value * $0) } + frequencies.map { sinf(value * $0) }
      + [Float](repeating: 0, count: dim - 2 * half)
  }
}
