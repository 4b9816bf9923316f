// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ConformanceSuite {
  static func poolingCases() -> [ConformanceCase] {
    var cases: [ConformanceCase] = []
    for pooling in [Pooling.max, .average(countsPadding: true), .average(countsPadding: false)] {
      func test(
        _ x: Source, _ geometry: PoolingGeometry, _ to: DType = .f32, _ out: Layout = .contiguous,
        isNonFinite: Bool = false
      ) {
        cases.append(poolingCase(pooling, x, geometry, to, out, isNonFinite: isNonFinite))
      }
      for mix in typeMixes(2) {
        test(Source(shape: [2, 7, 9, 3], dtype: mix[0]), PoolingGeometry(kernel: 2), mix[1])
        test(Source(shape: [1, 5, 5, 2], dtype: mix[0]), PoolingGeometry(kernel: 3, stride: 2, padding: 1), mix[1])
      }
      for (height, width, stride, padding) in [
        (2, 2, 2, 0), (2, 2, 2, 1), (3, 3, 2, 0), (3, 3, 2, 1), (3, 3, 3, 1), (5, 5, 1, 2), (1, 1, 2, 0), (2, 3, 1, 1),
        (4, 1, 3, 0),
      ] {
        for roundsUp in [false, true] {
          let geometry = PoolingGeometry(
            kernelHeight: height, kernelWidth: width, stride: stride, padding: padding, roundsUp: roundsUp)
          for shape in [[2, 7, 11, 5], [1, 8, 6, 1], [1, 4, 5, 17], [1, 1, 2, 3], [0, 4, 4, 2], [2, 5, 5, 0]] as [Shape]
          {
            test(Source(shape: shape), geometry)
          }
        }
      }
      let geometry = PoolingGeometry(kernel: 3, stride: 2, padding: 1, roundsUp: true)
      let channelsFirst = Layout.permuted([0, 3, 1, 2])
      for layout in Layout.sources(4) + [channelsFirst, .permuted([0, 3, 1, 2], padding: 1)] {
        test(Source(shape: [2, 6, 7, 4], layout: layout), geometry)
      }
      for layout in Layout.destinations(4) + [channelsFirst] {
        for to in DType.allCases { test(Source(shape: [2, 6, 7, 4], layout: .sliced), geometry, to, layout) }
      }
      // More than one piece of work.
      test(Source(shape: [2, 61, 67, 19]), geometry)
      test(Source(shape: [1, 97, 3, 131]), PoolingGeometry(kernel: 2))
      let special = Source.Content.list([1, .infinity, -.infinity, 2, -3, 0.5, .nan])
      if pooling == .max {
        test(Source(shape: [1, 6, 6, 5], content: special), geometry, isNonFinite: true)
        test(Source(shape: [1, 4, 4, 3], content: .list([-.infinity])), geometry, isNonFinite: true)
      }
    }
    return cases
  }

  private static func poolingCase(
    _ pooling: Pooling, _ x: Source, _ geometry: PoolingGeometry, _ to: DType, _ out: Layout, isNonFinite: Bool
  ) -> ConformanceCase {
    let outShape = geometry.outputShape(x.shape)
    let size = "\(geometry.kernelHeight) x \(geometry.kernelWidth)"
    return ConformanceCase(
      operation: "pool",
      details: "\(pooling) of \(size), stride \(geometry.stride), padding \(geometry.padding)"
        + (geometry.roundsUp ? ", rounded up" : ""),
      sources: [x], outShape: outShape, outDType: to, outLayout: out,
      tolerance: pooling == .max
        ? .exact
        : .sum(of: geometry.kernelHeight * geometry.kernelWidth, plus: 6, "the count's inverse is rounded, twice"),
      isFused: true, isLarge: outShape.elementCount > 10_000, isNonFinite: isNonFinite,
      compute: { backend, sources, out in try backend.pool(pooling, sources[0], geometry: geometry, to: out) },
      oracle: { PoolingOracle.pool(pooling, $0[0], geometry, outShape: outShape) })
  }
}
