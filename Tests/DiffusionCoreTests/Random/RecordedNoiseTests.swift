// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

@Suite struct RecordedNoiseTests {
  @Test func replaysInOrderThenThrows() throws {
    var source = RecordedNoise([[1, 2], [3, 4, 5, 6]])
    #expect(try source.normals(count: 2) == [1, 2])
    #expect(source.remaining == 1)
    #expect(try source.normals(shape: [2, 2]) == [3, 4, 5, 6])
    #expect(throws: NoiseError.exhausted(recorded: 2)) { try source.normals(count: 1) }
  }

  @Test func wrongSizeKeepsTheArray() throws {
    var source = RecordedNoise([[1, 2]])
    let error = NoiseError.sizeMismatch(index: 0, recorded: 2, requested: 3)
    #expect(throws: error) { try source.normals(count: 3) }
    #expect(error.description == "recorded noise 0 has 2 values, but 3 were asked for")
    #expect(try source.normals(count: 2) == [1, 2])
  }
}
