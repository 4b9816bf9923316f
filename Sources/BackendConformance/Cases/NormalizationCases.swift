// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ConformanceSuite {
  static func layerNormCases() -> [ConformanceCase] {
    func test(
      _ x: Source, types: [DType] = [.f32, .f32, .f32], _ out: Layout = .contiguous, parameters: Layout = .contiguous,
      epsilon: Float = 1e-5, details: String = ""
    ) -> ConformanceCase {
      let width = x.shape[x.shape.rank - 1]
      return ConformanceCase(
        operation: "layerNorm", details: "epsilon \(epsilon)\(details)",
        sources: [
          x, Source(shape: [width], dtype: types[0], layout: parameters, content: .normal(mean: 1, deviation: 0.3)),
          Source(shape: [width], dtype: types[1], layout: parameters, content: .normal(deviation: 0.5)),
        ], outShape: x.shape, outDType: types[2], outLayout: out,
        tolerance: .sum(
          of: width, plus: 10, "relative to (|x| + mean |x|) / deviation, so that a large mean costs digits"),
        isFused: true, isLarge: x.shape.elementCount > 10_000,
        compute: { backend, s, out in
          try backend.layerNorm(s[0], gamma: s[1], beta: s[2], epsilon: epsilon, to: out)
        },
        oracle: { NormalizationOracle.layerNorm($0[0], gamma: $0[1], beta: $0[2], epsilon: Double(epsilon)) })
    }
    var cases: [ConformanceCase] = []
    for mix in typeMixes(4) {
      for width in [37, 38] { cases.append(test(Source(shape: [5, width], dtype: mix[0]), types: Array(mix[1...]))) }
    }
    // Rows that two neighbours at a time can be taken of, or not: few columns and more than registers hold.
    for dtype in DType.allCases {
      let types: [DType] = [.f16, .f16, dtype]
      for pairing in pairings {
        cases.append(test(Source(shape: [3, 4, 38], dtype: .f16, layout: pairing.source), types: types, pairing.out))
        cases.append(
          test(
            Source(shape: [2, 2, 1030], dtype: dtype, layout: pairing.source), types: [.bf16, .f16, .f16], pairing.out))
      }
      cases.append(test(Source(shape: [3, 38], dtype: .f16), types: types, parameters: .offset))
      cases.append(test(Source(shape: [2, 4610], dtype: .f16), types: types))
    }
    for shape in [[1], [7], [0], [3, 0], [0, 5], [5, 1], [2, 3, 17], [1, 2, 3, 16], [33, 64], [2, 1023]] as [Shape] {
      cases.append(test(Source(shape: shape)))
    }
    for layout in Layout.sources(3) {
      cases.append(test(Source(shape: [4, 3, 19], layout: layout), parameters: .stepped))
    }
    for layout in Layout.destinations(3) { cases.append(test(Source(shape: [4, 3, 19]), layout, parameters: .offset)) }
    cases.append(test(Source(shape: [4, 19]), parameters: .broadcast([0])))
    for shape in [[1031, 67], [3, 1025], [2, 2049], [257, 320]] as [Shape] { cases.append(test(Source(shape: shape))) }
    for (mean, deviation) in [(1e4, 0.1), (-300, 1), (0, 1e4), (0, 1e-4), (1e3, 1e-2)] {
      let source = Source(shape: [7, 101], content: .normal(mean: mean, deviation: deviation))
      cases.append(test(source, details: ", \(mean) +- \(deviation)"))
    }
    cases.append(test(Source(shape: [3, 33], content: .list([7.25])), epsilon: 1e-6, details: ", no variance"))
    let outlier = Source.Content.computed { index, generator in index % 101 == 0 ? 1000 : generator.normal() }
    cases.append(test(Source(shape: [3, 101], content: outlier), details: ", the first element an outlier"))
    return cases
  }

  static func groupNormCases() -> [ConformanceCase] {
    func test(
      _ x: Source, groups: Int, types: [DType] = [.f32, .f32, .f32], _ out: Layout = .contiguous,
      parameters: Layout = .contiguous, activation: Activation = .none, epsilon: Float = 1e-5, details: String = ""
    ) -> ConformanceCase {
      let channels = x.shape[2]
      return ConformanceCase(
        operation: "groupNorm", details: "\(groups) groups, \(activation), epsilon \(epsilon)\(details)",
        sources: [
          x, Source(shape: [channels], dtype: types[0], layout: parameters, content: .normal(mean: 1, deviation: 0.3)),
          Source(shape: [channels], dtype: types[1], layout: parameters, content: .normal(deviation: 0.5)),
        ], outShape: x.shape, outDType: types[2], outLayout: out,
        tolerance: .sum(
          of: max(1, x.shape[1] * channels / groups), plus: 12,
          "relative to (|x| + mean |x|) / deviation, so that a large mean costs digits"), isFused: true,
        isLarge: x.shape.elementCount > 10_000,
        compute: { backend, s, out in
          try backend.groupNorm(
            s[0], groups: groups, gamma: s[1], beta: s[2], epsilon: epsilon, activation: activation, to: out)
        },
        oracle: {
          NormalizationOracle.groupNorm(
            $0[0], groups: groups, gamma: $0[1], beta: $0[2], epsilon: Double(epsilon), activation)
        })
    }
    var cases: [ConformanceCase] = []
    for (index, mix) in typeMixes(4).enumerated() {
      let activation = Activation.allCases[index % Activation.allCases.count]
      cases.append(
        test(Source(shape: [2, 5, 12], dtype: mix[0]), groups: 3, types: Array(mix[1...]), activation: activation))
    }
    for dtype in DType.allCases {
      for pairing in pairings {
        let source = Source(shape: [2, 9, 12], dtype: .f16, layout: pairing.source)
        // Groups of two channels, and of three, in which two neighbours are not always of one group.
        for groups in [6, 4] {
          cases.append(test(source, groups: groups, types: [.f16, .f16, dtype], pairing.out, activation: .silu))
        }
      }
      let source = Source(shape: [2, 40, 130], dtype: dtype)
      cases.append(test(source, groups: 5, types: [.f16, .f16, .f16], activation: .silu))
      cases.append(test(source, groups: 5, types: [.f16, .f16, .f16], parameters: .offset))
    }
    // (tokens, channels, groups): one channel a group, one group, one token, odd widths, 32 channels and beyond.
    for (tokens, channels, groups) in [
      (5, 6, 6), (5, 6, 1), (1, 6, 3), (1, 4, 4), (7, 1, 1), (9, 15, 5), (64, 32, 32), (65, 33, 3), (63, 64, 32),
      (130, 35, 7), (0, 4, 2),
    ] {
      for activation in Activation.allCases {
        cases.append(test(Source(shape: [2, tokens, channels]), groups: groups, activation: activation))
      }
    }
    cases.append(test(Source(shape: [0, 3, 4]), groups: 2))
    for layout in Layout.sources(3) {
      cases.append(test(Source(shape: [3, 7, 10], layout: layout), groups: 5, parameters: .stepped, activation: .silu))
    }
    for layout in Layout.destinations(3) {
      cases.append(test(Source(shape: [3, 7, 10]), groups: 2, layout, parameters: .offset))
    }
    // Beyond 128 rows, 64 Ki elements and whatever else runs of rows are cut at.
    for (tokens, channels, groups) in [(1025, 32, 8), (257, 320, 32), (4099, 3, 1), (129, 65, 13), (66_001, 1, 1)] {
      cases.append(test(Source(shape: [1, tokens, channels]), groups: groups, activation: .silu))
    }
    for (mean, deviation) in [(1e4, 0.1), (-300, 1), (0, 1e4), (0, 1e-4), (1e3, 1e-2)] {
      let source = Source(shape: [2, 201, 8], content: .normal(mean: mean, deviation: deviation))
      cases.append(test(source, groups: 4, details: ", \(mean) +- \(deviation)"))
    }
    cases.append(
      test(Source(shape: [1, 33, 4], content: .list([7.25])), groups: 2, epsilon: 1e-6, details: ", no variance"))
    // Channels far apart within a group: their means are most of its variance.
    let apart = Source.Content.computed { index, generator in Double(index % 8) * 500 + generator.normal() }
    cases.append(test(Source(shape: [1, 201, 8], content: apart), groups: 2, details: ", channels apart"))
    // A first token unlike the others: an estimate of the mean taken from it alone is far off.
    for size in [100.0, 3000] {
      let outlier = Source.Content.computed { index, generator in index < 8 ? size : generator.normal() }
      cases.append(
        test(
          Source(shape: [1, 1999, 8], content: outlier), groups: 4, details: ", the first token an outlier of \(size)"))
    }
    return cases
  }
}
