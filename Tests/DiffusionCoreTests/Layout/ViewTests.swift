// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

@Suite struct ViewTests {
  @Test func mergesAxesThatAllViewsAllow() {
    let dense = View(contiguous: [2, 1, 3, 4])
    #expect(View.merged([dense, dense]).map(\.shape) == [[24], [24]])
    // The second repeats its rows: only the last two axes are one run in both.
    let repeated = View(contiguous: [1, 1, 3, 4], offset: 5).broadcast(to: [2, 1, 3, 4])
    let both = View.merged([dense, repeated])
    #expect(both.map(\.shape) == [[2, 12], [2, 12]])
    #expect(both[0].strides == [12, 1] && both[1].strides == [0, 1] && both[1].offset == 5)
    let one = View.merged([View(contiguous: [1, 1], offset: 3)])
    #expect(one[0].shape == [1] && one[0].strides == [1] && one[0].offset == 3)
    let turned = View.merged([View(contiguous: [4, 6]).permuted([1, 0])])
    #expect(turned[0].shape == [6, 4] && turned[0].strides == [1, 6])
  }

  @Test func contiguityIgnoresAxesOfOneElementAndEmptyViews() {
    #expect(View(contiguous: [2, 3]).isContiguous)
    #expect(View(shape: [2, 1, 3], strides: [3, 99, 1]).isContiguous)
    #expect(View(shape: [1], strides: [0]).isContiguous)
    #expect(View(shape: [0, 3], strides: [7, 7]).isContiguous)
    #expect(View(shape: [], strides: [], offset: 4).isContiguous)
    #expect(!View(shape: [2, 3], strides: [4, 1]).isContiguous)
    #expect(!View(shape: [2, 3], strides: [1, 2]).isContiguous)
    #expect(!View(shape: [3], strides: [0]).isContiguous)
  }

  @Test func permutationAndSlicesMoveStridesAndOffset() {
    let view = View(contiguous: [2, 3, 5], offset: 7)
    #expect(view.permuted([2, 0, 1]) == View(shape: [5, 2, 3], strides: [1, 15, 5], offset: 7))
    #expect(view.sliced(axis: 1, 1..<3) == View(shape: [2, 2, 5], strides: [15, 5, 1], offset: 12))
    #expect(view.sliced(axis: 2, 5..<5).shape == [2, 3, 0])
  }

  @Test func broadcastRepeatsWithStrideZero() {
    let view = View(contiguous: [3, 1], offset: 2)
    #expect(view.broadcast(to: [4, 3, 5]) == View(shape: [4, 3, 5], strides: [0, 1, 0], offset: 2))
    #expect(view.broadcast(to: [3, 1]) == view)
    #expect(View(contiguous: []).broadcast(to: [2]).positions == [0, 0])
  }

  /// Whether strides can express a reshape, and which, against the list of positions, on thousands of random views.
  @Test(arguments: 0..<8) func reshapingAgreesWithTheListOfElements(seed: Int) {
    var generator = SeededRandom(state: UInt64(seed) &* 0x1234_5678_9abc_def1)
    var (possible, impossible) = (0, 0)
    for _ in 0..<4000 {
      let view = randomView(&generator)
      let target = randomShape(of: view.shape.elementCount, &generator)
      let expressible = strides(of: view.positions, as: target) != nil
      guard let result = view.reshaped(target) else {
        #expect(!expressible, "\(view) can be seen as \(target)")
        impossible += 1
        continue
      }
      possible += 1
      #expect(result.shape == target)
      #expect(result.positions == view.positions || target.elementCount == 0, "\(view) as \(target): \(result)")
    }
    // Both ways must have been met, or the search shows nothing.
    #expect(possible > 500 && impossible > 500)
  }

  private func randomView(_ generator: inout SeededRandom) -> View {
    let rank = Int.random(in: 0...4, using: &generator)
    let extents = (0..<rank).map { _ in [1, 1, 2, 3, 4, 6].randomElement(using: &generator) ?? 1 }
    var view = View(contiguous: Shape(extents), offset: Int.random(in: 0...5, using: &generator))
    for _ in 0..<Int.random(in: 0...3, using: &generator) where rank > 0 {
      let axis = Int.random(in: 0..<view.shape.rank, using: &generator)
      switch Int.random(in: 0..<3, using: &generator) {
      case 0: view = view.permuted(Array(0..<view.shape.rank).shuffled(using: &generator))
      case 1:
        let start = Int.random(in: 0...view.shape[axis], using: &generator)
        let end = Int.random(in: start...view.shape[axis], using: &generator)
        // Mostly not empty: nothing has no layout.
        if end > start || Int.random(in: 0..<8, using: &generator) == 0 { view = view.sliced(axis: axis, start..<end) }
      default:
        if view.shape[axis] == 1 {
          view = view.broadcast(
            to: view.shape.replacing(axis: axis, with: [2, 3].randomElement(using: &generator) ?? 2))
        }
      }
    }
    return view
  }

  /// A shape of that many elements: random factors, with ones between.
  private func randomShape(of count: Int, _ generator: inout SeededRandom) -> Shape {
    var extents: [Int] = []
    var rest = count
    while rest > 1 {
      let divisors = (2...rest).filter { rest % $0 == 0 }
      let factor = divisors.randomElement(using: &generator) ?? rest
      extents.append(factor)
      rest /= factor
    }
    if count == 0 { extents = [2, 0, 3].shuffled(using: &generator) }
    for _ in 0..<Int.random(in: 0...2, using: &generator) {
      extents.insert(1, at: Int.random(in: 0...extents.count, using: &generator))
    }
    return Shape(extents)
  }

  /// The strides by which the shape yields those positions, nil if there are none.
  private func strides(of positions: [Int], as shape: Shape) -> [Int]? {
    guard let first = positions.first else { return shape.rowMajorStrides }
    let result = zip(shape, shape.rowMajorStrides).map { extent, step in extent > 1 ? positions[step] - first : 0 }
    return View(shape: shape, strides: result, offset: first).positions == positions ? result : nil
  }
}

extension View {
  /// The position of each element in the buffer, row-major.
  var positions: [Int] {
    (0..<shape.elementCount).map { element in
      var (rest, position) = (element, offset)
      for axis in stride(from: shape.rank - 1, through: 0, by: -1) {
        position += rest % shape[axis] * strides[axis]
        rest /= shape[axis]
      }
      return position
    }
  }
}

/// A small generator with a seed: a linear congruence (Knuth's MMIX), its high half mixed down.
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let high = state >> 32
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return high << 32 | state >> 32
  }
}
