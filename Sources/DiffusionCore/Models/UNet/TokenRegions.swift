// SPDX-License-Identifier: Apache-2.0

/// Which tokens of a level are foreground and which background, so that each region computes only its own queries.
package struct TokenRegions: Sendable {
  /// Picks the foreground's tokens; nil if there are none.
  package let foreground: ResampleTaps?
  /// Picks the background's tokens; nil if there are none.
  package let background: ResampleTaps?
  /// Puts the foreground's tokens, followed by the background's, back into their places.
  package let restoring: ResampleTaps

  /// - Parameter isForeground: for each token.
  package init(isForeground: [Bool]) {
    let count = isForeground.count
    let front = isForeground.indices.filter { isForeground[$0] }
    let back = isForeground.indices.filter { !isForeground[$0] }
    foreground = front.isEmpty ? nil : .picking(front, from: count)
    background = back.isEmpty ? nil : .picking(back, from: count)
    var places = [Int](repeating: 0, count: count)
    for (place, token) in (front + back).enumerated() { places[token] = place }
    restoring = .picking(places, from: count)
  }

  /// The regions of a mask `[rows, N, 1]` of zeros and ones; nil if its rows differ, since picking is the same for all.
  package init?(mask: Tensor) throws {
    let values = try mask.floats()
    let count = mask.shape[1]
    let first = values.prefix(count)
    for row in 0..<mask.shape[0] where !values[row * count..<(row + 1) * count].elementsEqual(first) { return nil }
    self.init(isForeground: first.map { $0 > 0 })
  }
}

extension ResampleTaps {
  /// Takes the elements at `indices` of an axis, in that order.
  static func picking(_ indices: [Int], from extent: Int) -> ResampleTaps {
    ResampleTaps(
      inputExtent: extent, outputExtent: indices.count, width: 1, indices: indices.map(Int32.init),
      weights: [Float](repeating: 1, count: indices.count))
  }
}
