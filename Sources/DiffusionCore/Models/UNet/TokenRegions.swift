// SPDX-License-Identifier: Apache-2.0

/// Which tokens of a level belong to which part of the picture, so that each part computes only its own queries.
package struct TokenRegions: Sendable {
  /// Picks each part's tokens; nil for a part that has none.
  package let parts: [ResampleTaps?]
  /// Puts the tokens of the first part, followed by those of the next, back into their places.
  package let restoring: ResampleTaps

  /// - Parameters:
  ///   - labels: the part of each token, in `0..<count`.
  ///   - count: the number of parts.
  package init(labels: [Int], count: Int) {
    var tokens = [[Int]](repeating: [], count: count)
    for (token, label) in labels.enumerated() { tokens[label].append(token) }
    parts = tokens.map { $0.isEmpty ? nil : .picking($0, from: labels.count) }
    var places = [Int](repeating: 0, count: labels.count)
    for (place, token) in tokens.joined().enumerated() { places[token] = place }
    restoring = .picking(places, from: labels.count)
  }

  /// - Parameter isForeground: for each token.
  package init(isForeground: [Bool]) { self.init(labels: isForeground.map { $0 ? 0 : 1 }, count: 2) }

  /// The regions of a mask `[rows, N, 1]` of zeros and ones; nil if its rows differ, since picking is the same for all.
  package init?(mask: Tensor) throws {
    guard let isForeground = try Self.foreground(of: mask) else { return nil }
    self.init(isForeground: isForeground)
  }

  /// Which tokens of a mask are foreground; nil if its rows differ.
  static func foreground(of mask: Tensor) throws -> [Bool]? {
    let values = try mask.floats()
    let count = mask.shape[1]
    let first = values.prefix(count)
    for row in 0..<mask.shape[0] where !values[row * count..<(row + 1) * count].elementsEqual(first) { return nil }
    return first.map { $0 > 0 }
  }

  /// Picks the foreground's tokens, where the parts are foreground and background; nil if there are none.
  package var foreground: ResampleTaps? { parts[0] }
  /// Picks the background's tokens; nil if there are none.
  package var background: ResampleTaps? { parts[1] }
}

extension ResampleTaps {
  /// Takes the elements at `indices` of an axis, in that order.
  static func picking(_ indices: [Int], from extent: Int) -> ResampleTaps {
    ResampleTaps(
      inputExtent: extent, outputExtent: indices.count, width: 1, indices: indices.map(Int32.init),
      weights: [Float](repeating: 1, count: indices.count))
  }
}
