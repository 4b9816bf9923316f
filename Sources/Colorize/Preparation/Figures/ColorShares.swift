// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How common colours are in the figure of a picture and in its ground, as a histogram of each says.
package struct ColorShares {
  /// Cells along each channel.
  private static let side = 32

  /// The cell of each pixel.
  private let cells: [Int]

  /// - Parameter picture: opaque.
  package init(_ picture: Image) {
    let samples = picture.opaqueRGB(.darkOnLight).pixels
    let shift = 3
    cells = (0..<samples.count / 3).map { index in
      let (r, g, b) = (samples[3 * index] >> shift, samples[3 * index + 1] >> shift, samples[3 * index + 2] >> shift)
      return (Int(r) * Self.side + Int(g)) * Self.side + Int(b)
    }
  }

  /// The logarithm of how much more common each pixel's colour is in the figure than in the ground.
  ///
  /// - Parameter likelihood: how likely each pixel is figure, 0...1.
  package func evidence(by likelihood: [Float]) -> [Float] {
    let figure = shares { likelihood[$0] }
    let ground = shares { 1 - likelihood[$0] }
    // Colours that are rare in both say little.
    let rare = 0.05 / Float(figure.count)
    return cells.map { min(max(log((figure[$0] + rare) / (ground[$0] + rare)), -3), 3) }
  }

  /// A histogram whose sum is 1, smoothed so that gradients and grain do not fall between cells.
  private func shares(_ weight: (Int) -> Float) -> [Float] {
    let side = Self.side
    var counts = [Float](repeating: 0, count: side * side * side)
    var total: Float = 0
    for (index, cell) in cells.enumerated() {
      counts[cell] += weight(index)
      total += weight(index)
    }
    guard total > 0 else { return counts }
    // A Gaussian of one cell, along each axis.
    let taps: [Float] = [0.054, 0.242, 0.4, 0.242, 0.054]
    for stride in [1, side, side * side] {
      var smoothed = [Float](repeating: 0, count: counts.count)
      for cell in counts.indices where counts[cell] > 0 {
        let place = cell / stride % side
        for (tap, weight) in taps.enumerated() where (0..<side).contains(place + tap - 2) {
          smoothed[cell + (tap - 2) * stride] += weight * counts[cell]
        }
      }
      counts = smoothed
    }
    return counts.map { $0 / total }
  }
}
