// SPDX-License-Identifier: Apache-2.0

/// A rectangle of whole pixels on the canvas, which may reach beyond it.
public struct LayerBox: Sendable, Hashable {
  /// How far from the canvas's top left corner a layer may lie, in pixels to each side.
  static let farthest = 100_000

  /// The column of its left edge; the canvas begins at 0.
  public let x: Int
  /// The row of its upper edge.
  public let y: Int
  /// Columns; 0 for an empty box.
  public let width: Int
  /// Rows.
  public let height: Int

  /// A box. Negative sizes are taken for 0.
  public init(x: Int = 0, y: Int = 0, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = max(0, width)
    self.height = max(0, height)
  }

  /// Nothing, in the corner.
  static let empty = LayerBox(width: 0, height: 0)

  /// Whether it holds no pixel.
  public var isEmpty: Bool { width == 0 || height == 0 }

  /// The column behind the last.
  var right: Int { x + width }

  /// The row behind the last.
  var bottom: Int { y + height }

  /// What lies in both.
  func intersection(_ other: LayerBox) -> LayerBox {
    let (left, top) = (max(x, other.x), max(y, other.y))
    let found = LayerBox(
      x: left, y: top, width: min(right, other.right) - left, height: min(bottom, other.bottom) - top)
    return found.isEmpty ? .empty : found
  }

  /// The smallest box around both.
  func union(_ other: LayerBox) -> LayerBox {
    guard !isEmpty else { return other }
    guard !other.isEmpty else { return self }
    let (left, top) = (min(x, other.x), min(y, other.y))
    return LayerBox(x: left, y: top, width: max(right, other.right) - left, height: max(bottom, other.bottom) - top)
  }

  /// Whether all its numbers are small enough to be added up and to be written.
  var isNear: Bool {
    abs(x.clamped) <= Self.farthest && abs(y.clamped) <= Self.farthest && width <= Self.farthest
      && height <= Self.farthest
  }
}

extension Int {
  /// The number, but not the one that has no absolute value.
  fileprivate var clamped: Int { Swift.max(self, -Int.max) }
}
