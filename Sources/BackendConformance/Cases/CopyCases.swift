// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ConformanceSuite {
  static func fillCases() -> [ConformanceCase] {
    func test(_ value: Float, _ shape: Shape, _ dtype: DType, _ layout: Layout) -> ConformanceCase {
      ConformanceCase(
        operation: "fill", details: "with \(value)", sources: [], outShape: shape, outDType: dtype, outLayout: layout,
        tolerance: .exact, isLarge: shape.elementCount > 10_000, isNonFinite: !value.isFinite,
        compute: { backend, _, out in try backend.fill(out, with: value) },
        oracle: { _ in Expectation([Double](repeating: Double(value), count: shape.elementCount)) })
    }
    var cases: [ConformanceCase] = []
    for dtype in DType.allCases {
      for value in [0, 1.1, -65_504, 1e6, 1e-7, .infinity, .nan] as [Float] {
        cases.append(test(value, [3, 5], dtype, .contiguous))
      }
      for layout in Layout.destinations(4) { cases.append(test(-0.3, [2, 3, 5, 7], dtype, layout)) }
      for shape in smallShapes + largeShapes { cases.append(test(3, shape, dtype, .contiguous)) }
    }
    return cases
  }

  static func copyCases() -> [ConformanceCase] {
    func test(
      _ shape: Shape, _ from: DType, _ to: DType, _ source: Layout, _ out: Layout,
      content: Source.Content = .normal(), isNonFinite: Bool = false
    ) -> ConformanceCase {
      ConformanceCase(
        operation: "copy", sources: [Source(shape: shape, dtype: from, layout: source, content: content)],
        outShape: shape, outDType: to, outLayout: out, tolerance: .exact, isLarge: shape.elementCount > 10_000,
        isNonFinite: isNonFinite, compute: { backend, sources, out in try backend.copy(sources[0], to: out) },
        oracle: { Expectation($0[0].elements) })
    }
    var cases: [ConformanceCase] = []
    for mix in typeMixes(2) {
      for placement in placements(sources: 1) {
        cases.append(test(placement.shape, mix[0], mix[1], placement.sources[0], placement.out))
      }
      cases.append(test([29], mix[0], mix[1], .contiguous, .offset, content: .list(extremes)))
      cases.append(test([13], mix[0], mix[1], .offset, .contiguous, content: .list(nonFinite), isNonFinite: true))
      cases.append(test([28], mix[0], mix[1], .contiguous, .contiguous, content: .list(extremes)))
      cases.append(test([14], mix[0], mix[1], .contiguous, .contiguous, content: .list(nonFinite), isNonFinite: true))
      for pairing in pairings { cases.append(test([3, 6, 14], mix[0], mix[1], pairing.source, pairing.out)) }
      for shape in largeShapes { cases.append(test(shape, mix[0], mix[1], .contiguous, .contiguous)) }
      cases.append(test([258, 130], mix[0], mix[1], .contiguous, .contiguous))
      cases.append(test([67, 33, 19], mix[0], mix[1], .transposed(3), .permuted([1, 2, 0], padding: 1)))
    }
    // Axes that do not merge, as windows and heads within batches make them.
    let deep: Shape = [2, 3, 2, 3, 2, 3, 2, 3]
    cases.append(test(deep, .f32, .f32, .transposed(8), .contiguous))
    cases.append(test(deep, .f16, .bf16, .permuted([1, 0, 3, 2, 5, 4, 7, 6], padding: 1), .sliced))
    cases.append(test([1, 2, 1, 3, 2, 3, 1, 2, 3, 1], .f32, .f16, .transposed(10), .contiguous))
    cases.append(test([2, 2, 2, 2, 2, 3, 2, 2, 2, 2], .f32, .f32, .transposed(10), .contiguous))
    cases.append(test([2, 1, 2, 2, 2, 3, 2, 2, 2, 2, 2], .bf16, .f32, .contiguous, .transposed(11)))
    return cases
  }

  /// Conversions of all 65536 patterns of the short types, and of `f32` numbers on both sides of every rounding
  /// boundary.
  static func conversionCases() -> [ConformanceCase] {
    func test(_ name: String, _ bits: [UInt32], _ from: DType, _ to: DType, _ layout: Layout) -> ConformanceCase {
      ConformanceCase(
        operation: "copy", details: name,
        sources: [Source(shape: [bits.count], dtype: from, layout: layout, content: .bits(bits))],
        outShape: [bits.count], outDType: to, tolerance: .exact, isNonFinite: true,
        compute: { backend, sources, out in try backend.copy(sources[0], to: out) },
        oracle: { Expectation($0[0].elements) })
    }
    let all = (0...UInt32(0xffff)).map { $0 }
    let boundaries: (DType) -> [UInt32] = { dtype in
      all.flatMap { pattern -> [UInt32] in
        let here = Storage.decode(pattern, from: dtype)
        let next = Storage.decode(pattern & 0x7fff == 0x7fff ? pattern : pattern + 1, from: dtype)
        guard here.isFinite else { return [Float(here).bitPattern] }
        // Halfway to infinity lies where the next number would be if there were one more exponent.
        let above = next.isFinite ? next : here * (1 + 2 * Storage.unitRoundoff(dtype))
        let middle = Float((here + above) / 2)
        return [Float(here).bitPattern, middle.nextDown.bitPattern, middle.bitPattern, middle.nextUp.bitPattern]
      }
    }
    var cases: [ConformanceCase] = []
    for from in [DType.f16, .bf16] {
      for to in DType.allCases {
        for layout in [Layout.contiguous, .stepped] {
          cases.append(test("all 65536 patterns", all, from, to, layout))
        }
      }
      for layout in [Layout.contiguous, .stepped] {
        cases.append(test("around every boundary of \(from)", boundaries(from), .f32, from, layout))
      }
    }
    return cases
  }
}
