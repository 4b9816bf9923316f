// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

@Suite struct TensorShapingTests {
  private let cpu: CPUBackend

  init() throws { cpu = try CPUBackend(threads: 2) }

  private func counting(_ shape: Shape) throws -> Tensor {
    try Tensor((0..<shape.elementCount).map(Float.init), shape: shape, on: cpu)
  }

  @Test func valuesComeBack() throws {
    #expect(try counting([2, 3]).floats() == [0, 1, 2, 3, 4, 5])
    #expect(try counting([]).floats() == [0])
    #expect(try counting([3, 0]).floats() == [])
    #expect(try Tensor(repeating: 2.5, shape: [2, 2], dtype: .f16, on: cpu).floats() == [2.5, 2.5, 2.5, 2.5])
  }

  @Test func viewsReadTheRightElements() throws {
    let x = try counting([2, 3])
    #expect(try x.transposed(1, 0).floats() == [0, 3, 1, 4, 2, 5])
    #expect(try x.sliced(axis: 1, 1..<3).floats() == [1, 2, 4, 5])
    #expect(try x.transposed(1, 0).sliced(axis: 0, 2..<3).floats() == [2, 5])
    #expect(try x.sliced(axis: 0, 1..<2).broadcast(to: [2, 2, 3]).floats() == [3, 4, 5, 3, 4, 5, 3, 4, 5, 3, 4, 5])
  }

  @Test func reshapingCopiesOnlyWhereItMust() throws {
    let x = try counting([2, 3, 4])
    let rows = try x.reshaped([6, 4])
    #expect(rows.operand.buffer === x.operand.buffer)
    let turned = try x.transposed(0, 2, 1).reshaped([2, 12])
    #expect(turned.operand.buffer !== x.operand.buffer)
    #expect(try turned.floats()[..<4] == [0, 4, 8, 1])
    // Splitting an axis of a slice needs no copy.
    let part = try x.sliced(axis: 1, 1..<3).reshaped([2, 2, 2, 2])
    #expect(part.operand.buffer === x.operand.buffer)
    #expect(try part.floats() == [4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23])
  }

  @Test func reshapedViewsHoldWhatCopiesHold() throws {
    var generator = SeededRandom(state: 5)
    for _ in 0..<500 {
      let axes = [0, 1, 2, 3].shuffled(using: &generator)
      let axis = Int.random(in: 0..<4, using: &generator)
      let x = try counting([2, 3, 4, 2]).transposed(axes[0], axes[1], axes[2], axes[3])
      let extent = x.shape[axis]
      let start = Int.random(in: 0..<extent, using: &generator)
      let view = x.sliced(axis: axis, start..<Int.random(in: start + 1...extent, using: &generator))
      let expected = try view.contiguous().floats()
      for target in [
        [expected.count], [1, expected.count, 1], Array(view.shape.dropLast(2)) + [view.shape[2] * view.shape[3]],
      ] {
        #expect(try view.reshaped(Shape(target)).floats() == expected)
      }
    }
  }

  @Test func contiguousTensorsAreNotCopied() throws {
    let x = try counting([2, 3])
    #expect(try x.contiguous().operand.buffer === x.operand.buffer)
    #expect(try x.transposed(1, 0).contiguous().operand.view.isContiguous)
    #expect(try x.cast(to: .f32).operand.buffer === x.operand.buffer)
    #expect(try x.cast(to: .bf16).dtype == .bf16)
  }

  @Test(arguments: 0..<3) func slicesOfAConcatenationAreItsParts(axis: Int) throws {
    let extents = [3, 1, 0, 2]
    let parts = try extents.enumerated().map { index, extent in
      let shape = ([2, 3, 4] as Shape).replacing(axis: axis, with: extent)
      return try counting(shape) + Float(100 * index)
    }
    let whole = try Tensor.concatenate(parts, axis: axis)
    #expect(whole.shape == ([2, 3, 4] as Shape).replacing(axis: axis, with: 6))
    var start = 0
    for part in parts {
      let end = start + part.shape[axis]
      #expect(try whole.sliced(axis: axis, start..<end).floats() == part.floats())
      start = end
    }
  }

  @Test func concatenatesViewsOfMixedTypes() throws {
    let a = try counting([2, 3]).transposed(1, 0)
    let b = try Tensor(repeating: -1, shape: [1, 2], dtype: .f16, on: cpu)
    #expect(try Tensor.concatenate([a, b], axis: 0).floats() == [0, 3, 1, 4, 2, 5, -1, -1])
    #expect(try Tensor.concatenate([a], axis: 1).floats() == a.floats())
  }

  @Test func arithmeticBroadcasts() throws {
    let column = try counting([3, 1])
    let row = try counting([2])
    #expect(try (column * 10 + row).floats() == [0, 1, 10, 11, 20, 21])
    #expect(try (row > 0.5).floats() == [0, 1])
    #expect(try Tensor.select(row, column, row - row).floats() == [0, 0, 0, 1, 0, 2])
    #expect(try counting([2, 2]).mean().floats() == [0.5, 2.5])
  }

  @Test func matmulBroadcastsLeadingAxes() throws {
    let a = try counting([2, 1, 2, 3])
    let b = try counting([5, 3, 1])
    let product = try a.matmul(b)
    #expect(product.shape == [2, 5, 2, 1])
    let (x, y, z) = (try a.floats(), try b.floats(), try product.floats())
    for i in 0..<2 {
      for j in 0..<5 {
        for row in 0..<2 {
          let expected = (0..<3).reduce(Float(0)) { $0 + x[(i * 2 + row) * 3 + $1] * y[j * 3 + $1] }
          #expect(z[(i * 5 + j) * 2 + row] == expected)
        }
      }
    }
  }
}
