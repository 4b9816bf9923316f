// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ConformanceSuite {
  static func resamplingCases() -> [ConformanceCase] {
    func test(
      _ name: String, _ x: Source, axis: Int, _ taps: ResampleTaps, _ to: DType = .f32, _ out: Layout = .contiguous
    ) -> ConformanceCase {
      let outShape = x.shape.replacing(axis: axis, with: taps.outputExtent)
      return ConformanceCase(
        operation: "resample", details: "axis \(axis), \(name)", sources: [x], outShape: outShape, outDType: to,
        outLayout: out, tolerance: .sum(of: taps.width), isLarge: outShape.elementCount > 10_000,
        compute: { backend, sources, out in try backend.resample(sources[0], axis: axis, taps: taps, to: out) },
        oracle: { sources in
          let inner = x.shape.dropFirst(axis + 1).reduce(1, *)
          let outer = x.shape.dropLast(x.shape.rank - axis).reduce(1, *)
          var result = Expectation([])
          for o in 0..<outer {
            for n in 0..<taps.outputExtent {
              for i in 0..<inner {
                var (sum, magnitude) = (0.0, 0.0)
                for j in 0..<taps.width {
                  let tap = n * taps.width + j
                  let row = o * taps.inputExtent + Int(taps.indices[tap])
                  let product = Double(taps.weights[tap]) * sources[0].elements[row * inner + i]
                  sum += product
                  magnitude += abs(product)
                }
                result.values.append(sum)
                result.magnitudes.append(magnitude)
              }
            }
          }
          return result
        })
    }
    func bicubic(_ from: Int, _ to: Int, _ antialias: Bool, _ corners: Bool) -> (String, ResampleTaps) {
      (
        "bicubic \(from) to \(to)\(antialias ? ", antialiased" : "")\(corners ? ", corners aligned" : "")",
        .bicubic(from: from, to: to, antialias: antialias, alignCorners: corners)
      )
    }
    var cases: [ConformanceCase] = []
    for antialias in [false, true] {
      for corners in [false, true] {
        for (from, to) in [(5, 13), (13, 5), (7, 7), (1, 4), (4, 1), (2, 3), (16, 8), (8, 16), (31, 2)] {
          let (name, taps) = bicubic(from, to, antialias, corners)
          for axis in 0..<3 {
            var extents = [2, 3, 5]
            extents[axis] = from
            cases.append(test(name, Source(shape: Shape(extents)), axis: axis, taps))
          }
          cases.append(test(name, Source(shape: [from]), axis: 0, taps))
        }
      }
    }
    for interpolation in [
      Interpolation.nearest, .bilinear(alignsCorners: false), .bilinear(alignsCorners: true), .area,
    ] {
      for (from, to) in [(5, 13), (13, 5), (7, 7), (1, 4), (4, 1), (8, 16)] {
        let taps = ResampleTaps.interpolating(from: from, to: to, by: interpolation)
        cases.append(test("\(interpolation) \(from) to \(to)", Source(shape: [2, from, 3]), axis: 1, taps))
      }
    }
    for mode in PaddingMode.allCases {
      for (extent, before, after) in [(5, 2, 3), (1, 0, 0), (7, 6, 0), (3, 1, 2)] {
        let taps = ResampleTaps.padding(extent, before: before, after: after, mode: mode)
        cases.append(
          test("\(mode) \(before), \(extent), \(after)", Source(shape: [2, extent, 3]), axis: 1, taps, .f16))
      }
    }
    let (name, taps) = bicubic(6, 11, false, false)
    for mix in typeMixes(2) {
      cases.append(test(name, Source(shape: [2, 6, 5], dtype: mix[0]), axis: 1, taps, mix[1]))
    }
    for axis in [1, 2] {
      for layout in Layout.sources(4) {
        cases.append(test(name, Source(shape: [2, 6, 6, 3], layout: layout), axis: axis, taps))
      }
      for layout in Layout.destinations(4) {
        cases.append(test(name, Source(shape: [2, 6, 6, 3], layout: .sliced), axis: axis, taps, .bf16, layout))
      }
    }
    for shape in [[0, 6, 3], [2, 6, 0]] as [Shape] { cases.append(test(name, Source(shape: shape), axis: 1, taps)) }
    let (large, wide) = bicubic(67, 131, true, true)
    cases.append(test(large, Source(shape: [3, 67, 41]), axis: 1, wide))
    cases.append(test(large, Source(shape: [301, 67]), axis: 1, wide))
    return cases
  }
}
