// SPDX-License-Identifier: Apache-2.0

import DiffusionTraining
import Glibc

/// Other colours for a picture and its reference alike, so that colours can only be read from the reference: hues turn about
/// the grey axis, lightness keeps its order.
struct Recoloring: Sendable, Hashable {
  /// The matrix on red, green and blue, row by row.
  let matrix: [Float]
  /// The power of the result.
  let gamma: Float

  init(_ random: inout TrainingRandom) {
    let angle = random.uniform(0...(2 * .pi))
    let saturation = random.uniform(0.7...1.3)
    gamma = Float(random.uniform(0.85...1.15))
    // A turn about (1, 1, 1) by Rodrigues' formula, and a stretch across it.
    let (c, s, third) = (saturation * cos(angle), saturation * sin(angle), 1.0 / 3)
    let root = s / 3.0.squareRoot()
    let (same, next, previous) = (third + c * (1 - third), third - c * third - root, third - c * third + root)
    matrix = [same, next, previous, previous, same, next, next, previous, same].map(Float.init)
  }

  /// - Parameter picture: red, green and blue, 0...1.
  func callAsFunction(_ picture: Plane) -> Plane {
    var result = picture
    for pixel in stride(from: 0, to: picture.values.count, by: 3) {
      for row in 0..<3 {
        var sum: Float = 0
        for column in 0..<3 { sum += matrix[3 * row + column] * picture.values[pixel + column] }
        result.values[pixel + row] = powf(min(max(sum, 0), 1), gamma)
      }
    }
    return result
  }
}
