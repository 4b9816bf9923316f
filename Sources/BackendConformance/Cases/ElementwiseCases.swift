// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ConformanceSuite {
  static func affineCases() -> [ConformanceCase] {
    func test(_ source: Source, _ to: DType, _ out: Layout, scale: Float = -1.7, offset: Float = 0.3) -> ConformanceCase
    {
      ConformanceCase(
        operation: "affine", details: "\(scale) x + \(offset)", sources: [source], outShape: source.shape, outDType: to,
        outLayout: out, tolerance: .roundings(2, "of the product and of the sum"),
        isLarge: source.shape.elementCount > 10_000,
        compute: { backend, sources, out in try backend.affine(sources[0], scale: scale, offset: offset, to: out) },
        oracle: { sources in
          let products = sources[0].elements.map { $0 * Double(scale) }
          return Expectation(
            values: products.map { $0 + Double(offset) }, magnitudes: products.map { abs($0) + abs(Double(offset)) })
        })
    }
    var cases: [ConformanceCase] = []
    for mix in typeMixes(2) {
      cases.append(test(Source(shape: [5, 7], dtype: mix[0]), mix[1], .contiguous))
      cases.append(test(Source(shape: [5, 7], dtype: mix[0], layout: .transposed(2)), mix[1], .sliced))
      for pairing in pairings {
        cases.append(test(Source(shape: [3, 6, 14], dtype: mix[0], layout: pairing.source), mix[1], pairing.out))
      }
    }
    for placement in placements(sources: 1) {
      cases.append(test(Source(shape: placement.shape, layout: placement.sources[0]), .f32, placement.out))
    }
    for shape in largeShapes { cases.append(test(Source(shape: shape), .f32, .contiguous)) }
    cases.append(test(Source(shape: [29], content: .list(extremes)), .f32, .contiguous, scale: 0.5, offset: 0))
    cases.append(test(Source(shape: [9]), .f32, .contiguous, scale: 0, offset: 4))
    return cases
  }

  private static func tolerance(_ function: UnaryFunction) -> Tolerance {
    switch function {
    case .exp: .roundings(6, "a polynomial or table after rounding the argument; relative to (1 + |x|) e^x")
    case .log: .roundings(8, "what Vulkan guarantees near 1; relative to max(|log x|, 1)")
    case .sqrt: .roundings(4, "a reciprocal square root and a product")
    case .abs: .exact
    case .sigmoid, .silu: .roundings(8, "an exponential, a sum and a quotient; relative to the result's sensitivity")
    case .relu: .exact
    case .tanh: .roundings(8, "an exponential, a sum and a quotient, or a polynomial")
    case .gelu: .roundings(6, "erf by Abramowitz and Stegun 7.1.26, off by 1.5e-7; relative to |x|")
    }
  }

  static func unaryCases() -> [ConformanceCase] {
    func test(_ function: UnaryFunction, _ source: Source, _ to: DType, _ out: Layout, isNonFinite: Bool = false)
      -> ConformanceCase
    {
      ConformanceCase(
        operation: "unary", details: function.rawValue, sources: [source], outShape: source.shape, outDType: to,
        outLayout: out, tolerance: tolerance(function), isLarge: source.shape.elementCount > 10_000,
        isNonFinite: isNonFinite,
        compute: { backend, sources, out in try backend.unary(function, sources[0], to: out) },
        oracle: { sources in
          let pairs = sources[0].elements.map { ElementwiseOracle.unary(function, $0) }
          return Expectation(values: pairs.map(\.value), magnitudes: pairs.map(\.magnitude))
        })
    }
    var cases: [ConformanceCase] = []
    for function in UnaryFunction.allCases {
      let isPositive = function == .log || function == .sqrt
      let content: Source.Content = isPositive ? .uniform(1e-3...9) : .normal(deviation: 3)
      for mix in typeMixes(2) {
        cases.append(test(function, Source(shape: [5, 7], dtype: mix[0], content: content), mix[1], .contiguous))
        cases.append(test(function, Source(shape: [6, 14], dtype: mix[0], content: content), mix[1], .contiguous))
      }
      for placement in placements(sources: 1) {
        let source = Source(shape: placement.shape, layout: placement.sources[0], content: content)
        cases.append(test(function, source, .f32, placement.out))
      }
      cases.append(test(function, Source(shape: [40_009], content: content), .f32, .contiguous))
      // A sweep of the exponential's whole range, and every size of number.
      let sweep: Source.Content = isPositive ? .uniform(0...300) : .uniform(-110...95)
      cases.append(test(function, Source(shape: [9001], content: sweep), .f32, .contiguous))
      let sizes: Source.Content = .computed { index, generator in
        let x = (1 + generator.uniform()) * Double(sign: .plus, exponent: index % 250 - 125, significand: 1)
        return isPositive || index % 2 == 0 ? x : -x
      }
      cases.append(test(function, Source(shape: [997], content: sizes), .f32, .contiguous))
      cases.append(contentsOf: specialCases(function, test))
    }
    return cases
  }

  private static func specialCases(
    _ function: UnaryFunction, _ test: (UnaryFunction, Source, DType, Layout, Bool) -> ConformanceCase
  ) -> [ConformanceCase] {
    let values: [Double] =
      switch function {
      case .exp: [.infinity, -.infinity, .nan, 88.7, 88.73, 89, 1e30, -1e30, -87.4, -103.9, -104.1, 0, -0.0]
      case .log: [.infinity, 0, -0.0, -1, .nan, -.infinity, 0x1p-149, 0x1p-127, 1]
      case .sqrt: [.infinity, 0, -0.0, -1, .nan, 0x1p-149, 0x1p-127]
      case .abs: [.infinity, -.infinity, .nan, -0.0, -0x1p-149]
      case .sigmoid: [.infinity, -.infinity, .nan, 1e30, -1e30]
      case .silu, .gelu: [.infinity, .nan, 1e30, 0, -0.0]
      case .relu: [.infinity, -.infinity, .nan, 1e30, -1e30, 0, -0.0, 0x1p-126]
      case .tanh: [.infinity, -.infinity, .nan, 1e30, -1e30, 0, -0.0, 0.625, 9, -9.1]
      }
    // Once alone and once behind full vectors, where another path of a vectorised loop may end.
    return [1, 5, 37].map { count in
      let content = Source.Content.computed { index, _ in values[(index + count) % values.count] }
      return test(function, Source(shape: [values.count * count], content: content), .f32, .contiguous, true)
    }
  }
}
