// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// How a case places a tensor in a buffer.
struct Layout: Sendable {
  var name: String
  /// The axes from outermost to innermost in memory; nil for row-major. A transposed view comes out of it.
  var order: [Int]?
  /// Elements that belong to nobody before and after every axis: the tensor is a slice of a larger one.
  var padding = 0
  /// The distance between neighbours along the innermost axis.
  var step = 1
  /// Elements before the first one; an odd number misaligns vectors.
  var lead = 0
  /// Axes with stride 0 (sources only).
  var repeated: Set<Int> = []

  static let contiguous = Layout(name: "contiguous")
  static let offset = Layout(name: "offset", lead: 3)
  static let sliced = Layout(name: "sliced", padding: 2, lead: 5)
  /// A slice whose rows begin at even elements if their extent is even.
  static let slicedEvenly = Layout(name: "sliced evenly", padding: 2, lead: 4)
  static let stepped = Layout(name: "every third", step: 3, lead: 1)

  /// All axes in reverse order in memory.
  static func transposed(_ rank: Int) -> Layout {
    Layout(name: "transposed", order: (0..<rank).reversed(), lead: 2)
  }

  /// A slice of a tensor with another order of axes.
  static func permuted(_ order: [Int], padding: Int = 0) -> Layout {
    Layout(name: "stored \(order)\(padding > 0 ? " sliced" : "")", order: order, padding: padding, lead: 1)
  }

  static func broadcast(_ axes: Set<Int>) -> Layout {
    Layout(name: "broadcast \(axes.sorted())", lead: 3, repeated: axes)
  }

  /// What a destination of a rank can look like.
  static func destinations(_ rank: Int) -> [Layout] {
    rank == 0
      ? [.contiguous, .offset] : [.contiguous, .offset, .sliced, .stepped] + (rank > 1 ? [.transposed(rank)] : [])
  }

  /// What a source of a rank can look like.
  static func sources(_ rank: Int) -> [Layout] {
    destinations(rank) + (rank > 0 ? [.broadcast([0]), .broadcast([rank - 1])] : [])
      + (rank > 1 ? [.broadcast(Set(0..<rank))] : [])
  }

  /// The view of a tensor of that shape, and the number of elements of the buffer, with a margin at the end.
  func place(_ shape: Shape) -> (view: View, elementCount: Int) {
    var strides = [Int](repeating: 0, count: shape.rank)
    var first = lead
    var extent = step
    for (position, axis) in (order ?? Array(0..<shape.rank)).enumerated().reversed() {
      if repeated.contains(axis) { continue }
      // The outermost axis needs no padding of its own: the lead and the margin stand in for it.
      let pad = position == 0 ? 0 : padding
      strides[axis] = extent
      first += pad * extent
      extent *= shape[axis] + 2 * pad
    }
    return (View(shape: shape, strides: strides, offset: first), first + extent + 9)
  }
}

extension View {
  /// The position in the buffer of each element, row-major.
  var positions: [Int] {
    var result = [offset]
    for axis in 0..<shape.rank {
      var next: [Int] = []
      next.reserveCapacity(result.count * shape[axis])
      for base in result {
        for index in 0..<shape[axis] { next.append(base + index * strides[axis]) }
      }
      result = next
    }
    return result
  }
}
