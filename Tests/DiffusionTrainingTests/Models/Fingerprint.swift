// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Glibc

/// Norm, sum and the product with cos(i + 1) over the row-major index, of a gradient in the checkpoint's order.
struct Fingerprint {
  let norm: Double
  let sum: Double
  let cosine: Double

  init(_ tensor: Tensor) throws {
    var (squares, sum, cosine) = (0.0, 0.0, 0.0)
    for (index, value) in try tensor.floats().enumerated() {
      let x = Double(value)
      squares += x * x
      sum += x
      cosine += x * cos(Double(index + 1))
    }
    (norm, self.sum, self.cosine) = (squares.squareRoot(), sum, cosine)
  }

  /// How far it is from a recorded one, relative to its norm. Sum and cosine are projections onto vectors of length
  /// `sqrt(n)` and about `sqrt(n / 2)`, so an error of the whole shows in them by chance of that size over `sqrt(n)`.
  func distance(to recorded: [String: Any], count: Int) -> Double {
    let norm = recorded.double("norm") ?? .nan
    let root = Double(count).squareRoot()
    let distances = [
      abs(self.norm - norm), abs(sum - (recorded.double("sum") ?? .nan)) / root,
      abs(cosine - (recorded.double("cos") ?? .nan)) / root,
    ]
    return (distances.max() ?? .nan) / norm
  }
}
