// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Every way to choose `count` element types.
func typeMixes(_ count: Int) -> [[DType]] {
  (0..<count).reduce([[]]) { mixes, _ in mixes.flatMap { mix in DType.allCases.map { mix + [$0] } } }
}

/// Where rows of an even extent begin: at even elements in both, at odd ones in one of them. Backends may take two
/// neighbours at a time of the first two.
let pairings: [(source: Layout, out: Layout)] = [
  (.contiguous, .contiguous), (.slicedEvenly, .slicedEvenly), (.offset, .contiguous), (.contiguous, .offset),
  (.contiguous, .stepped),
]

/// Shapes of functions of elements: scalar, 1, odd, prime and no extents.
let smallShapes: [Shape] = [[], [1], [7], [3, 5], [2, 3, 5, 7], [1, 1, 3, 1], [0], [3, 0, 2], [17, 1]]

/// Shapes beyond the 32 Ki elements that one piece of work commonly takes, none of them a multiple of anything.
let largeShapes: [Shape] = [[40_009], [257, 131], [3, 32_771]]

/// The layouts and shapes that a member with equal shapes is tried in: all layouts of the sources on one shape of each
/// rank, all of the destination, and all shapes row-major.
func placements(sources count: Int) -> [(shape: Shape, sources: [Layout], out: Layout)] {
  var result = smallShapes.map {
    (shape: $0, sources: [Layout](repeating: .contiguous, count: count), out: Layout.contiguous)
  }
  for shape in [[7], [3, 5], [2, 3, 5, 7]] as [Shape] {
    for (index, layout) in Layout.sources(shape.rank).enumerated() {
      for varied in 0..<count {
        var layouts = [Layout](repeating: .contiguous, count: count)
        layouts[varied] = layout
        let others = Layout.sources(shape.rank)
        if count > 1 { layouts[(varied + 1) % count] = others[(index * 3 + varied) % others.count] }
        result.append((shape, layouts, .contiguous))
      }
    }
    for layout in Layout.destinations(shape.rank) {
      result.append((shape, [Layout](repeating: .contiguous, count: count), layout))
      result.append((shape, [Layout](repeating: .sliced, count: count), layout))
    }
  }
  let shape: Shape = [2, 3, 4, 5]
  for order in [[0, 2, 1, 3], [0, 3, 1, 2], [1, 0, 3, 2], [3, 0, 1, 2]] {
    result.append(
      (shape, [Layout](repeating: .permuted(order, padding: 1), count: count), .permuted([0, 2, 3, 1], padding: 1)))
  }
  return result
}

/// Zero, units, the largest and smallest numbers, and numbers between.
let extremes: [Double] = [
  0, -0.0, 1, -1, 0x1p-149, -0x1p-149, 0x1.8p-127, 0x1p-126, 3.4028234663852886e38, -3.4028234663852886e38, 1e-20,
  65504,
  65520, -7e4, 88.5, 88.8, -87.3, -87.4, -103, -104, 1e30, -1e30, 0.5, 1.0000001, 0.9999999,
]

/// What IEEE 754 has rules for beyond numbers.
let nonFinite: [Double] = [.infinity, -.infinity, .nan, 1, -1, 0]
