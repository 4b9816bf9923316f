// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

@Suite struct ShapeTests {
  @Test func aScalarHasOneElementAndNoAxes() {
    let scalar: Shape = []
    #expect(scalar.rank == 0)
    #expect(scalar.elementCount == 1)
    #expect(scalar.rowMajorStrides.isEmpty)
    #expect("\(scalar)" == "[]")
  }

  @Test func countsAndStrides() {
    let shape: Shape = [2, 3, 5]
    #expect(shape.elementCount == 30)
    #expect(shape.rowMajorStrides == [15, 5, 1])
    #expect(Array(shape) == [2, 3, 5])
    #expect("\(shape)" == "[2, 3, 5]")
    #expect(([4, 0, 7] as Shape).elementCount == 0)
  }

  @Test func replacingCountsFromEitherEnd() {
    let shape: Shape = [2, 3, 5]
    #expect(shape.replacing(axis: 0, with: 7) == [7, 3, 5])
    #expect(shape.replacing(axis: -1, with: 7) == [2, 3, 7])
    #expect(shape.replacing(axis: -3, with: 0) == [0, 3, 5])
  }

  @Test(
    arguments: [
      ([], [], []), ([], [3], [3]), ([2, 3], [], [2, 3]), ([2, 3], [3], [2, 3]), ([2, 1], [1, 3], [2, 3]),
      ([4, 1, 3], [2, 1], [4, 2, 3]), ([1], [0], [0]), ([0, 1], [0, 4], [0, 4]), ([5, 1, 1], [1, 1, 1], [5, 1, 1]),
    ] as [([Int], [Int], [Int])])
  func broadcastsByNumPysRule(a: [Int], b: [Int], result: [Int]) {
    #expect(Shape(a).broadcast(with: Shape(b)) == Shape(result))
    #expect(Shape(b).broadcast(with: Shape(a)) == Shape(result))
  }

  @Test func refusesWhatDoesNotBroadcast() {
    #expect(([2, 3] as Shape).broadcast(with: [2]) == nil)
    #expect(([2] as Shape).broadcast(with: [0]) == nil)
    #expect(([4, 3, 2] as Shape).broadcast(with: [4, 2]) == nil)
  }
}
