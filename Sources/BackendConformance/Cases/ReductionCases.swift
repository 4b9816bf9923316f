// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ConformanceSuite {
  static func reductionCases() -> [ConformanceCase] {
    func test(
      _ reduction: Reduction, _ source: Source, _ to: DType = .f32, _ out: Layout = .contiguous,
      isNonFinite: Bool = false, details: String = ""
    ) -> ConformanceCase {
      ConformanceCase(
        operation: "reduce", details: reduction.rawValue + details, sources: [source],
        outShape: source.shape.replacing(axis: -1, with: 1), outDType: to, outLayout: out,
        tolerance: reduction == .max ? .exact : .sum(of: source.shape[source.shape.rank - 1]),
        isLarge: source.shape.elementCount > 10_000, isNonFinite: isNonFinite,
        compute: { backend, sources, out in try backend.reduce(reduction, sources[0], to: out) },
        oracle: { NormalizationOracle.reduce(reduction, $0[0]) })
    }
    var cases: [ConformanceCase] = []
    for reduction in Reduction.allCases {
      for mix in typeMixes(2) { cases.append(test(reduction, Source(shape: [5, 37], dtype: mix[0]), mix[1])) }
      for shape in [[1], [7], [0], [3, 0], [0, 5], [5, 1], [2, 3, 17], [1, 1, 1, 9], [16], [31], [64, 33]] as [Shape] {
        cases.append(test(reduction, Source(shape: shape)))
      }
      for layout in Layout.sources(3) { cases.append(test(reduction, Source(shape: [4, 3, 19], layout: layout))) }
      for layout in Layout.destinations(3) { cases.append(test(reduction, Source(shape: [4, 3, 19]), .f16, layout)) }
      // Around the blocks of 1024 that sums are commonly made of, and rows beyond one piece of work.
      for width in [1023, 1024, 1025, 2049] { cases.append(test(reduction, Source(shape: [3, width]))) }
      for shape in [[40_009], [1031, 67], [2, 70_001]] as [Shape] {
        cases.append(test(reduction, Source(shape: shape, content: .uniform(0...1))))
        cases.append(test(reduction, Source(shape: shape, content: .normal(mean: -5))))
      }
      let huge = Source(shape: [9, 40], content: .list([3e38, -3e38, 1e38, -1e38, 2, 1]))
      // Partial sums of huge numbers may overflow in one order and not in another: only the maximum is defined.
      if reduction == .max { cases.append(test(reduction, huge)) }
    }
    for position in [0, 1, 15, 16, 40] {
      for special in [Double.nan, .infinity, -.infinity] {
        let content = Source.Content.computed { index, generator in
          index % 41 == position ? special : generator.normal()
        }
        for reduction in Reduction.allCases {
          let source = Source(shape: [3, 41], content: content)
          cases.append(test(reduction, source, isNonFinite: true, details: " with \(special) at \(position)"))
        }
      }
    }
    let empty = Source(shape: [2, 19], content: .list([-.infinity]))
    cases.append(test(.max, empty, isNonFinite: true))
    return cases
  }

  static func softmaxCases() -> [ConformanceCase] {
    func test(
      _ source: Source, _ to: DType = .f32, _ out: Layout = .contiguous, scale: Float = 1, isNonFinite: Bool = false,
      details: String = ""
    ) -> ConformanceCase {
      ConformanceCase(
        operation: "softmax", details: "scale \(scale)\(details)", sources: [source], outShape: source.shape,
        outDType: to, outLayout: out,
        tolerance: .sum(
          of: source.shape[source.shape.rank - 1], plus: 8,
          "the exponentials and the quotient take 8, relative to the size of the logits"), isFused: true,
        isLarge: source.shape.elementCount > 10_000, isNonFinite: isNonFinite,
        compute: { backend, sources, out in try backend.softmax(sources[0], scale: scale, to: out) },
        oracle: { NormalizationOracle.softmax($0[0], scale: Double(scale)) })
    }
    var cases: [ConformanceCase] = []
    for mix in typeMixes(2) {
      cases.append(test(Source(shape: [5, 37], dtype: mix[0]), mix[1], scale: 0.7))
      for pairing in pairings {
        let source = Source(shape: [3, 4, 38], dtype: mix[0], layout: pairing.source)
        cases.append(test(source, mix[1], pairing.out, scale: 0.7))
      }
      cases.append(test(Source(shape: [5, 1026], dtype: mix[0]), mix[1]))
    }
    for shape in [[1], [7], [0], [3, 0], [0, 5], [5, 1], [2, 3, 17], [2, 1, 3, 16], [64, 33]] as [Shape] {
      cases.append(test(Source(shape: shape)))
    }
    for layout in Layout.sources(3) { cases.append(test(Source(shape: [4, 3, 19], layout: layout), scale: 0.25)) }
    for layout in Layout.destinations(3) {
      for to in DType.allCases { cases.append(test(Source(shape: [4, 3, 19]), to, layout, scale: 3)) }
    }
    for width in [1000, 1023, 1025, 4099] { cases.append(test(Source(shape: [5, width]), scale: 2)) }
    for shape in [[70_001], [1031, 67]] as [Shape] { cases.append(test(Source(shape: shape))) }
    for (mean, deviation) in [(1e4, 1.0), (-1e4, 10), (3e30, 1e29), (0, 1e4), (0, 80)] {
      let source = Source(shape: [7, 101], content: .normal(mean: mean, deviation: deviation))
      cases.append(test(source, details: ", logits \(mean) +- \(deviation)"))
    }
    cases.append(test(Source(shape: [3, 33], content: .list([5])), details: ", equal logits"))
    cases.append(test(Source(shape: [3, 33]), scale: 0))
    cases.append(test(Source(shape: [3, 33]), scale: -1.5))
    let masked = Source.Content.computed { index, generator in index % 3 == 1 ? -.infinity : generator.normal() }
    cases.append(test(Source(shape: [6, 35], content: masked), isNonFinite: true, details: ", masked"))
    let spoiled = Source.Content.computed { index, generator in index == 40 ? .nan : generator.normal() }
    cases.append(test(Source(shape: [3, 37], content: spoiled), isNonFinite: true, details: ", a NaN in row 1"))
    return cases
  }
}
