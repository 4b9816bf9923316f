// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import Testing

/// Calls as values, and what a profile makes of them.
struct BackendCallTests {
  @Test func everyArgumentComesThrough() throws {
    let profiled = ProfilingBackend(try CPUBackend(threads: 1))
    var options = ConformanceOptions()
    options.includesLargeCases = false
    options.comparesDefaults = false
    let results = ConformanceSuite.run(on: profiled, options: options)
    #expect(results.failures.isEmpty, "\(results.failures.report)")
    let records = try profiled.takeRecords()
    #expect(Set(records.map(\.member)) == Set(BackendMember.allCases.map(\.rawValue)).union(["upload", "read"]))
    #expect(records.allSatisfy { $0.seconds > 0 })
    #expect(profiled.clock == .waiting)
    #expect(try profiled.takeRecords().isEmpty)
  }

  @Test func countsArithmeticAndTraffic() throws {
    let counter = ProfilingBackend(ShapeOnlyBackend(), clock: .counting)
    func record(_ body: ((Shape) throws -> Tensor) throws -> Tensor) throws -> CallRecord {
      _ = try body { try Tensor(uninitialized: $0, dtype: .f16, on: counter) }
      let records = try counter.takeRecords()
      #expect(records.count == 1 && records.allSatisfy { $0.seconds == 0 && $0.section == "a step" })
      return try #require(records.last)
    }
    counter.begin("a step")
    // Results are f32, as the backend stores them.
    let linear = try record { try $0([2, 5, 8]).linear(weight: $0([3, 8]), bias: $0([3]), residual: $0([2, 5, 3])) }
    #expect(linear.member == "linear" && linear.flops == 2 * 10 * 3 * 8)
    #expect(linear.byteCount == 2 * (80 + 24 + 3 + 30) + 4 * 30)
    let gated = try record { try $0([5, 8]).gatedLinear(weight: $0([6, 8]), bias: $0([6])) }
    #expect(gated.flops == 2 * 5 * 6 * 8)
    let product = try record { try $0([2, 5, 8]).matmul($0([2, 8, 3])) }
    #expect(product.member == "matmul" && product.flops == 2 * 2 * 5 * 8 * 3)
    let convolution = try record {
      try $0([1, 6, 6, 4]).convolution(
        weight: $0([7, 3, 3, 4]), bias: $0([7]), geometry: ConvolutionGeometry(stride: 2, padding: 1))
    }
    #expect(convolution.flops == 2 * 3 * 3 * 7 * 3 * 3 * 4)
    let attention = try record { try Tensor.attention($0([1, 9, 8]), $0([1, 5, 8]), $0([1, 5, 8]), heads: 2) }
    #expect(attention.flops == 2 * 2 * 9 * 5 * 8)
    // A broadcast row counts once.
    let sum = try record { try $0([4, 100]) + $0([100]) }
    #expect(sum.member == "binary" && sum.flops == 0 && sum.byteCount == 2 * 500 + 4 * 400)
  }
}
