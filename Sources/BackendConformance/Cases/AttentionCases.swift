// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Glibc

extension ConformanceSuite {
  static func attentionCases() -> [ConformanceCase] {
    func test(
      _ batch: Int, _ heads: Int, _ queries: Int, _ keys: Int, _ width: Int,
      types: [DType] = [.f32, .f32, .f32, .f32], layouts: [Layout] = [.contiguous, .contiguous, .contiguous],
      out: Layout = .contiguous, deviation: Double = 1, mean: Double = 0, scale: Float? = nil
    ) -> ConformanceCase {
      let scale = scale ?? 1 / Float(width).squareRoot()
      let content = Source.Content.normal(mean: mean, deviation: deviation)
      let size = (Double(width).squareRoot() * 2 + Double(keys).squareRoot() + 10)
      return ConformanceCase(
        operation: "attention", details: "scale \(scale), q and k \(short(mean)) +- \(short(deviation))",
        sources: [
          Source(shape: [batch, heads, queries, width], dtype: types[0], layout: layouts[0], content: content),
          Source(shape: [batch, heads, keys, width], dtype: types[1], layout: layouts[1], content: content),
          Source(shape: [batch, heads, keys, width], dtype: types[2], layout: layouts[2]),
        ], outShape: [batch, heads, queries, width], outDType: types[3], outLayout: out,
        tolerance: .roundings(
          size, "2 sqrt(\(width)) of the logits, sqrt(\(keys)) of the weighted sum and 10, relative to the logits' size"
        ),
        isFused: true, isLarge: batch * heads * queries * keys * width > 100_000,
        // Logits to base 2. The weights are rounded too; what they are divided by is the sum before that.
        factors: [0: 1, 1: scale * Float(M_LOG2E), 2: 1], innerFactors: 1,
        compute: { backend, s, out in try backend.attention(s[0], s[1], s[2], scale: scale, to: out) },
        oracle: { NormalizationOracle.attention($0[0], $0[1], $0[2], scale: Double(scale)) })
    }
    var cases = typeMixes(4).map { test(1, 2, 5, 6, 7, types: $0) }
    for width in [1, 7, 8, 32, 64, 80, 128] {
      for (queries, keys) in [(1, 1), (1, 9), (9, 1), (5, 13)] { cases.append(test(2, 2, queries, keys, width)) }
    }
    cases.append(test(1, 1, 3, 5, 512))
    for width in [129, 160] {
      let layout = Layout.permuted([0, 2, 1, 3])
      cases.append(test(2, 2, 5, 6, width, layouts: [layout, layout, layout], out: layout))
      cases.append(test(2, 2, 5, 6, width, types: [.f16, .f16, .f16, .f16], layouts: [layout, .contiguous, layout]))
    }
    for (batch, heads, queries) in [(0, 2, 3), (2, 0, 3), (2, 2, 0)] { cases.append(test(batch, heads, queries, 4, 8)) }
    // Heads as models keep them, `[B, N, H, D]`; `[B, H, N, D]` as a slice of a joint projection; broadcast batches.
    let perHead = Layout.permuted([0, 2, 1, 3])
    let layouts =
      Layout.sources(4) + [
        perHead, .permuted([0, 2, 1, 3], padding: 1), .permuted([0, 1, 3, 2]), .permuted([2, 0, 1, 3]), .broadcast([1]),
        .broadcast([2]), .broadcast([0, 1]),
      ]
    for (index, layout) in layouts.enumerated() {
      let others = (1...2).map { layouts[(index * 3 + $0) % layouts.count] }
      cases.append(test(2, 3, 5, 6, 8, layouts: [layout, others[0], others[1]], out: perHead))
      cases.append(test(2, 3, 5, 6, 8, layouts: [others[1], layout, others[0]]))
      cases.append(test(2, 3, 5, 6, 8, layouts: [others[0], others[1], layout]))
      // Single tokens, whose strides mean nothing, and heads of one channel.
      cases.append(test(2, 3, 1, 1, 8, layouts: [layout, layout, layout], out: perHead))
      cases.append(test(2, 3, 4, 5, 1, layouts: [layout, layout, layout], out: perHead))
    }
    for out in Layout.destinations(4) + [perHead, .permuted([0, 2, 1, 3], padding: 1)] {
      for dtype in DType.allCases {
        cases.append(test(2, 3, 5, 6, 8, types: [.f32, .f32, .f32, dtype], out: out))
      }
    }
    for (deviation, mean, scale) in [(30.0, 0.0, nil), (0.01, 0, nil), (1, 10, nil), (1, 0, 0), (1, 0, 40), (1, 0, -1)]
      as [(Double, Double, Float?)]
    {
      cases.append(test(1, 2, 17, 19, 16, deviation: deviation, mean: mean, scale: scale))
      cases.append(test(1, 1, 5, 1100, 16, deviation: deviation, mean: mean, scale: scale))
    }
    // Tiles: 128 queries, 512 keys, more than one of each; token counts and head widths of models.
    for (heads, queries, keys, width) in [
      (1, 129, 1000, 64), (2, 257, 257, 64), (3, 128, 512, 7), (1, 127, 513, 80), (2, 131, 77, 32), (1, 300, 1030, 128),
      (1, 140, 520, 512), (1, 600, 4100, 130), (2, 1, 1025, 64), (1, 385, 3, 40),
    ] {
      cases.append(test(1, heads, queries, keys, width))
      cases.append(
        test(
          1, heads, queries, keys, width, types: [.f16, .bf16, .f16, .f16], layouts: [perHead, perHead, perHead],
          out: perHead))
    }
    return cases
  }
}
