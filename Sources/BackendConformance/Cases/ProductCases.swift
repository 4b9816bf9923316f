// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ConformanceSuite {
  static func matmulCases() -> [ConformanceCase] {
    func test(
      _ b: Int, _ m: Int, _ k: Int, _ n: Int, types: [DType] = [.f32, .f32, .f32], left: Layout = .contiguous,
      right: Layout = .contiguous, out: Layout = .contiguous
    ) -> ConformanceCase {
      ConformanceCase(
        operation: "matmul",
        sources: [
          Source(shape: [b, m, k], dtype: types[0], layout: left),
          Source(shape: [b, k, n], dtype: types[1], layout: right),
        ], outShape: [b, m, n], outDType: types[2], outLayout: out, tolerance: .sum(of: k),
        isLarge: b * m * n * k > 100_000,
        compute: { backend, sources, out in try backend.matmul(sources[0], sources[1], to: out) },
        oracle: { ProductOracle.matmul($0[0], $0[1]) })
    }
    var cases: [ConformanceCase] = []
    for mix in typeMixes(3) { cases.append(test(2, 5, 13, 7, types: mix)) }
    for (b, m, k, n) in [
      (1, 1, 1, 1), (1, 1, 17, 1), (1, 1, 17, 5), (1, 5, 17, 1), (1, 5, 1, 7), (3, 2, 1, 1), (1, 16, 16, 16),
      (2, 17, 31, 33), (0, 3, 4, 5), (2, 0, 4, 5), (2, 3, 0, 5), (2, 3, 4, 0), (11, 3, 5, 2), (1, 64, 3, 65),
    ] { cases.append(test(b, m, k, n)) }
    let layouts: [Layout] =
      Layout.sources(3) + [
        .permuted([0, 2, 1]), .permuted([0, 2, 1], padding: 1), .permuted([1, 0, 2]), .permuted([1, 0, 2], padding: 1),
        .permuted([2, 0, 1]), .permuted([1, 2, 0]), .broadcast([1]), .broadcast([0, 1]), .broadcast([0, 2]),
      ]
    for left in layouts {
      for right in layouts { cases.append(test(3, 5, 7, 4, left: left, right: right)) }
      // Single rows and columns, whose strides mean nothing.
      cases.append(test(2, 1, 7, 4, left: left))
      cases.append(test(2, 5, 1, 4, left: left))
      cases.append(test(2, 5, 1, 4, right: left))
      cases.append(test(2, 5, 7, 1, right: left))
    }
    for out in Layout.destinations(3) + [.permuted([1, 0, 2], padding: 1), .permuted([0, 2, 1])] {
      for dtype in DType.allCases { cases.append(test(2, 5, 9, 6, types: [.f32, .f16, dtype], out: out)) }
    }
    // Beyond tiles of 384 rows, 64 and 16 columns, and sums in several passes.
    for (b, m, k, n) in [
      (1, 385, 33, 65), (1, 383, 17, 81), (1, 770, 9, 129), (3, 385, 8, 17), (1, 129, 513, 127), (1, 3, 4097, 5),
      (1, 2, 31, 1031), (1, 1031, 31, 2), (9, 65, 33, 130),
    ] {
      cases.append(test(b, m, k, n))
      cases.append(
        test(b, m, k, n, types: [.f16, .bf16, .f16], left: .permuted([0, 2, 1]), right: .permuted([0, 2, 1])))
      cases.append(test(b, m, k, n, left: .sliced, right: .permuted([0, 2, 1], padding: 1), out: .sliced))
    }
    return cases
  }

  static func linearCases() -> [ConformanceCase] {
    func test(
      _ m: Int, _ k: Int, _ n: Int, types: [DType] = [.f32, .f32, .f32, .f32, .f32],
      layouts: [Layout] = [.contiguous, .contiguous, .contiguous, .contiguous], out: Layout = .contiguous,
      bias: Bool = true, activation: Activation = .none, residual: Bool = true
    ) -> ConformanceCase {
      var sources = [
        Source(shape: [m, k], dtype: types[0], layout: layouts[0]),
        Source(shape: [n, k], dtype: types[1], layout: layouts[1]),
      ]
      if bias { sources.append(Source(shape: [n], dtype: types[2], layout: layouts[2])) }
      if residual { sources.append(Source(shape: [m, n], dtype: types[3], layout: layouts[3])) }
      let (biasIndex, residualIndex) = (bias ? 2 : nil, residual ? (bias ? 3 : 2) : nil) as (Int?, Int?)
      return ConformanceCase(
        operation: "linear",
        details: "\(bias ? "bias" : "no bias"), \(activation), \(residual ? "residual" : "no residual")",
        sources: sources, outShape: [m, n], outDType: types[4], outLayout: out,
        tolerance: .sum(of: k, plus: 10, "bias, activation and residual take 8"), isFused: true,
        isLarge: m * n * k > 100_000, factors: [0: 1, 1: 1],
        compute: { backend, s, out in
          try backend.linear(
            s[0], weight: s[1], bias: biasIndex.map { s[$0] }, activation: activation,
            residual: residualIndex.map { s[$0] }, to: out)
        },
        oracle: { s in
          ProductOracle.linear(s[0], weight: s[1], bias: biasIndex.map { s[$0] })
            .finished(activation, residual: residualIndex.map { s[$0] })
        })
    }
    var cases: [ConformanceCase] = []
    for (index, mix) in typeMixes(5).enumerated() {
      cases.append(test(3, 11, 5, types: mix, activation: Activation.allCases[index % Activation.allCases.count]))
    }
    for bias in [false, true] {
      for residual in [false, true] {
        for activation in Activation.allCases {
          for (m, k, n) in [(1, 1, 1), (5, 13, 7), (1, 17, 33), (33, 16, 1), (0, 3, 4), (3, 0, 4), (3, 4, 0)] {
            cases.append(test(m, k, n, bias: bias, activation: activation, residual: residual))
          }
          cases.append(test(385, 19, 67, bias: bias, activation: activation, residual: residual))
        }
      }
    }
    let matrices = Layout.sources(2)
    for (index, layout) in matrices.enumerated() {
      let others = (1...2).map { matrices[(index + $0) % matrices.count] }
      cases.append(test(5, 13, 7, layouts: [layout, others[0], .stepped, others[1]]))
      cases.append(test(5, 13, 7, layouts: [others[1], layout, .broadcast([0]), .contiguous], activation: .gelu))
    }
    for out in Layout.destinations(2) {
      cases.append(test(5, 13, 7, layouts: [.sliced, .sliced, .offset, .sliced], out: out, activation: .silu))
      cases.append(test(5, 13, 7, types: [.f16, .f16, .f16, .f16, .f16], out: out))
    }
    for (m, k, n) in [(770, 21, 33), (2, 640, 1291), (257, 320, 48)] {
      cases.append(test(m, k, n, activation: .gelu))
      cases.append(test(m, k, n, types: [.f16, .f16, .f32, .f16, .f16], activation: .silu))
    }
    return cases
  }

  static func gatedLinearCases() -> [ConformanceCase] {
    func test(
      _ m: Int, _ k: Int, _ n: Int, types: [DType] = [.f32, .f32, .f32, .f32],
      layouts: [Layout] = [.contiguous, .contiguous, .contiguous], out: Layout = .contiguous
    ) -> ConformanceCase {
      ConformanceCase(
        operation: "gatedLinear",
        sources: [
          Source(shape: [m, k], dtype: types[0], layout: layouts[0]),
          Source(shape: [2 * n, k], dtype: types[1], layout: layouts[1]),
          Source(shape: [2 * n], dtype: types[2], layout: layouts[2]),
        ], outShape: [m, n], outDType: types[3], outLayout: out,
        tolerance: .sum(of: k, plus: 10, "bias, GELU and the product take 8"), isFused: true,
        isLarge: m * n * k > 50_000, factors: [0: 1, 1: 1],
        compute: { backend, s, out in try backend.gatedLinear(s[0], weight: s[1], bias: s[2], to: out) },
        oracle: { ProductOracle.linear($0[0], weight: $0[1], bias: $0[2]).gated(rows: m, columns: n) })
    }
    var cases = typeMixes(4).map { test(3, 11, 5, types: $0) }
    for (m, k, n) in [(1, 1, 1), (5, 13, 7), (1, 17, 33), (33, 16, 1), (0, 3, 4), (3, 0, 4), (3, 4, 0), (9, 5, 130)] {
      cases.append(test(m, k, n))
    }
    for layout in Layout.sources(2) { cases.append(test(5, 13, 7, layouts: [layout, layout, .stepped])) }
    for out in Layout.destinations(2) { cases.append(test(5, 13, 7, layouts: [.sliced, .sliced, .offset], out: out)) }
    for (m, k, n) in [(385, 19, 67), (770, 8, 65), (2, 320, 1291)] { cases.append(test(m, k, n)) }
    return cases
  }
}
