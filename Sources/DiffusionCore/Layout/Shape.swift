// SPDX-License-Identifier: Apache-2.0

/// The extents of a tensor, outermost axis first. An empty shape is a scalar.
public struct Shape: Sendable, Hashable, ExpressibleByArrayLiteral, RandomAccessCollection, CustomStringConvertible {
  /// The extent of each axis, none of them negative.
  public let extents: [Int]

  /// Makes a shape of the given extents, none of which may be negative.
  public init(_ extents: [Int]) {
    precondition(extents.allSatisfy { $0 >= 0 }, "negative extent in \(extents)")
    self.extents = extents
  }

  public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// The number of axes.
  public var rank: Int { extents.count }
  /// The number of elements: the product of the extents, 1 for a scalar.
  public var elementCount: Int { extents.reduce(1, *) }

  public var startIndex: Int { 0 }
  public var endIndex: Int { extents.count }
  public subscript(axis: Int) -> Int { extents[axis] }

  /// The strides, in elements, of a row-major tensor without gaps.
  public var rowMajorStrides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * extents[axis + 1]
    }
    return strides
  }

  /// The same shape with one extent replaced. A negative axis counts from the end.
  public func replacing(axis: Int, with extent: Int) -> Shape {
    var copy = extents
    copy[axis < 0 ? rank + axis : axis] = extent
    return Shape(copy)
  }

  /// The shape that both operands broadcast to by NumPy's rule (aligned at the last axis; 1 stretches), or nil.
  public func broadcast(with other: Shape) -> Shape? {
    let rank = Swift.max(self.rank, other.rank)
    var result = [Int](repeating: 1, count: rank)
    for axis in 1...Swift.max(rank, 1) where axis <= rank {
      let a = axis <= self.rank ? extents[self.rank - axis] : 1
      let b = axis <= other.rank ? other.extents[other.rank - axis] : 1
      guard a == b || a == 1 || b == 1 else { return nil }
      result[rank - axis] = a == 1 ? b : a
    }
    return Shape(result)
  }

  public var description: String { "[" + extents.map(String.init).joined(separator: ", ") + "]" }
}
