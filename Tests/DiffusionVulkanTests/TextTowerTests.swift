// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionVulkan
import TestSupport
import Testing

/// The text tower on Vulkan, against recordings of the published implementation.
@Suite(.enabled(if: TestDevice.exists, "\(TestDevice.skipReason)"))
struct TextTowerTests {
  /// In f32 sums differ in their order only: 1e-5 of an embedding's length, as on the processor. In f16 every tensor between
  /// two operations is rounded to 11 bits, some thirty times: 1e-2.
  @Test(arguments: [(DType.f32, 1e-5), (.f16, 1e-2)]) func embeddings(storage: DType, tolerance: Double) throws {
    let recorded = try TextRecordings(.own)
    let backend = try TestDevice.makeBackend(storageType: storage)
    let tower = try recorded.tower(on: backend)
    let shape = recorded.shape("ids")
    let all = try recorded.ids("ids")
    let ids = (0..<shape[0]).map { Array(all[$0 * shape[1]..<($0 + 1) * shape[1]]) }
    for (key, runsLastBlock) in [("embedding", false), ("embedding_all_layers", true)] {
      let made = try tower(ids, runsLastBlock: runsLastBlock).flatMap { $0 }
      let expected = try recorded.floats(key)
      let distance = zip(made, expected).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot()
      let error = distance / Double(shape[0]).squareRoot()
      #expect(made.count == expected.count && error < tolerance, "\(key): \(error)")
    }
    #expect(backend.validationMessages == [])
  }
}
