// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ConformanceSuite {
  private static func tolerance(_ function: BinaryFunction) -> Tolerance {
    switch function {
    case .add, .subtract, .multiply, .leakyReLU: .roundings(1, "of the result, besides storing")
    case .divide: .roundings(5, "2.5 ulp is what Vulkan guarantees")
    case .maximum, .minimum, .greater: .exact
    }
  }

  static func binaryCases() -> [ConformanceCase] {
    func test(
      _ function: BinaryFunction, _ a: Source, _ b: Source, _ to: DType, _ out: Layout, isNonFinite: Bool = false
    ) -> ConformanceCase {
      ConformanceCase(
        operation: "binary", details: function.rawValue, sources: [a, b], outShape: a.shape, outDType: to,
        outLayout: out, tolerance: tolerance(function), isLarge: a.shape.elementCount > 10_000,
        isNonFinite: isNonFinite,
        compute: { backend, sources, out in try backend.binary(function, sources[0], sources[1], to: out) },
        oracle: { sources in
          Expectation(zip(sources[0].elements, sources[1].elements).map { ElementwiseOracle.binary(function, $0, $1) })
        })
    }
    var cases: [ConformanceCase] = []
    for function in BinaryFunction.allCases {
      for mix in typeMixes(3) {
        // Few distinct values, so that comparisons meet equal operands.
        let b = Source(shape: [5, 7], dtype: mix[1], layout: .broadcast([0]), content: .list([1, -1, 0.5, 3, -2.5]))
        let a = Source(shape: [5, 7], dtype: mix[0], content: .list([0.5, 1, 3, -1, -2.5, 0.1, 7]))
        cases.append(test(function, a, b, mix[2], .contiguous))
        for (index, pairing) in pairings.enumerated() where function == .add || function == .maximum && index == 0 {
          let a = Source(shape: [3, 6, 14], dtype: mix[0], layout: pairing.source)
          let b = Source(shape: [3, 6, 14], dtype: mix[1], layout: index == 1 ? .slicedEvenly : .contiguous)
          cases.append(test(function, a, b, mix[2], pairing.out))
        }
      }
      for placement in placements(sources: 2) {
        let a = Source(shape: placement.shape, layout: placement.sources[0])
        let b = Source(shape: placement.shape, layout: placement.sources[1])
        cases.append(test(function, a, b, .f32, placement.out))
      }
      for shape in largeShapes {
        cases.append(test(function, Source(shape: shape), Source(shape: shape), .f32, .contiguous))
        let row = Source(shape: shape, layout: .broadcast([0]))
        cases.append(test(function, row, Source(shape: shape), .f32, .contiguous))
      }
      let a = Source(shape: [23, 29], content: .list(extremes + [2.5, 3.5]))
      let b = Source(shape: [23, 29], content: .list(extremes))
      cases.append(test(function, a, b, .f32, .contiguous))
      let special = Source(shape: [11, 7], content: .list(nonFinite))
      let other = Source(shape: [11, 7], content: .list(nonFinite + [2]))
      cases.append(test(function, special, other, .f32, .contiguous, isNonFinite: true))
    }
    return cases
  }

  static func selectCases() -> [ConformanceCase] {
    func test(_ sources: [Source], _ to: DType, _ out: Layout, isNonFinite: Bool = false) -> ConformanceCase {
      ConformanceCase(
        operation: "select", sources: sources, outShape: sources[0].shape, outDType: to, outLayout: out,
        tolerance: .exact, isLarge: sources[0].shape.elementCount > 10_000, isNonFinite: isNonFinite,
        compute: { backend, sources, out in try backend.select(sources[0], sources[1], sources[2], to: out) },
        oracle: { sources in
          Expectation(
            sources[0].elements.enumerated().map { index, condition in
              sources[condition > 0 ? 1 : 2].elements[index]
            })
        })
    }
    let condition: Source.Content = .list([1, 0, -1, -0.0, 0x1p-20, 3, -4])
    var cases: [ConformanceCase] = []
    for mix in typeMixes(4) {
      let sources = zip(mix, [condition, .normal(), .normal()]).map {
        Source(shape: [3, 7], dtype: $0, content: $1)
      }
      cases.append(test(sources, mix[3], .contiguous))
    }
    for placement in placements(sources: 3) {
      let sources = zip(placement.sources, [condition, .normal(), .normal()]).map {
        Source(shape: placement.shape, layout: $0, content: $1)
      }
      cases.append(test(sources, .f32, placement.out))
    }
    for shape in largeShapes {
      cases.append(test([Source(shape: shape), Source(shape: shape), Source(shape: shape)], .f32, .contiguous))
    }
    // What is not chosen must not matter, NaN included; a NaN condition is not greater than 0.
    let special = [nonFinite, [1, .nan, .infinity, -1, 2], [.nan, 2, 3, -.infinity, 4, 5, 6]].map {
      Source(shape: [210], content: .list($0))
    }
    cases.append(test(special, .f32, .contiguous, isNonFinite: true))
    return cases
  }
}
