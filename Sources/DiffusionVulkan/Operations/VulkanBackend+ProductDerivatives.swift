// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionShaders

extension VulkanBackend {
  /// An implicit product: nothing is unrolled in memory. Long runs of positions are cut among groups of invocations, whose
  /// sums are added in order.
  public func convolutionWeightGradient(
    _ x: Operand, _ geometry: ConvolutionGeometry, _ gradient: Operand, to out: Operand
  ) throws {
    guard out.shape.elementCount > 0 else { return }
    let (rows, columns) = (out.shape[0], out.shape[1] * out.shape[2] * out.shape[3])
    let positions = gradient.shape[0] * gradient.shape[1] * gradient.shape[2]
    guard positions > 0 else { return try fill(out, with: 0) }
    let (input, upstream) = (try window(rowMajorFloats(x)), try window(rowMajorFloats(gradient)))
    let parts = productPlan.parts(rows: rows, columns: columns)
    let (down, across) = (rows.dividedRoundingUp(by: 32 * parts), columns.dividedRoundingUp(by: 64))
    let splits = productPlan.splits(groups: down * across, inner: positions, multiple: 16)
    let count = min(splits.count, groupLimits.z)
    let split = count == splits.count ? splits.length : positions.dividedRoundingUp(by: count)
    try withRowMajorFloats(out) { out in
      let result = try count > 1 ? scratch([count, rows * columns]) : out
      let target = try window(result)
      for first in stride(from: 0, to: down, by: groupLimits.y) {
        try run(
          .convolutionWeightGradient,
          TilesConstants(
            outType: 0, leftType: 0, rightType: 0, leftMode: 0, rightMode: 0, parts: parts,
            upsampling: geometry.upsampling), [target, upstream, input],
          ConvolutionWeightGradientArguments(
            firstRow: first * 32 * parts, rows: rows, columns: columns, positions: positions, split: split,
            height: x.shape[1], width: x.shape[2], channels: x.shape[3], outHeight: gradient.shape[1],
            outWidth: gradient.shape[2], kernelWidth: out.shape[2], stride: geometry.stride,
            padding: geometry.paddingBefore, dilation: geometry.dilation, leftOffset: upstream.elementOffset,
            rightOffset: input.elementOffset, outOffset: target.elementOffset),
          WorkGroups(across, min(groupLimits.y, down - first), count),
          work: 2 * Double(out.shape.elementCount) * Double(positions))
      }
      if count > 1 { try sumColumns(result, batch: 1, rows: count, columns: rows * columns, to: out) }
    }
  }

  /// What a pass of `attention_gradient.comp` makes, by the numbers that the shader knows it by.
  private enum AttentionPass: Int {
    case statistics, queries, keys, values
  }

  /// A pass over the queries for what the others need of each of them, then one for each gradient; what is wider than 64
  /// channels takes several, which make the weights again.
  public func attentionGradient(
    _ q: Operand, _ k: Operand, _ v: Operand, scale: Float, _ gradient: Operand, toQueries: Operand?,
    toKeys: Operand?, toValues: Operand?
  ) throws {
    let (pairs, queries, keys, width) = (q.shape[0] * q.shape[1], q.shape[2], k.shape[2], q.shape[3])
    guard q.shape.elementCount > 0, k.shape.elementCount > 0 else {
      for out in [toQueries, toKeys, toValues] { if let out { try fill(out, with: 0) } }
      return
    }
    let (ofQueries, ofKeys) = (try window(rowMajorFloats(q)), try window(rowMajorFloats(k)))
    let (ofValues, upstream) = (try window(rowMajorFloats(v)), try window(rowMajorFloats(gradient)))
    let statistics = try window(scratch([pairs, queries, 2]))
    let step = width <= 32 ? 32 : 64
    func pass(_ pass: AttentionPass, to target: Window) throws {
      let overQueries = pass == .statistics || pass == .queries
      let (ownCount, otherCount) = overQueries ? (queries, keys) : (keys, queries)
      let sources = overQueries ? [ofQueries, ofKeys, upstream, ofValues] : [ofKeys, ofQueries, ofValues, upstream]
      let products = pass == .statistics ? 2.0 : pass == .values ? 2 : 3
      for channel in stride(from: 0, to: pass == .statistics ? 1 : width, by: step) {
        for first in stride(from: 0, to: pairs, by: groupLimits.y) {
          let count = min(groupLimits.y, pairs - first)
          try run(
            .attentionGradient, DerivativeConstants(variant: pass.rawValue, channels: step / 8),
            // The first pass reads no statistics; something is bound all the same.
            [target] + sources + [pass == .statistics ? ofQueries : statistics],
            AttentionGradientArguments(
              firstPair: first, ownCount: ownCount, otherCount: otherCount, width: width, firstChannel: channel,
              scale: scale, outOffset: target.elementOffset, ownOffset: sources[0].elementOffset,
              otherOffset: sources[1].elementOffset, ownSlopesOffset: sources[2].elementOffset,
              otherSlopesOffset: sources[3].elementOffset, statisticsOffset: statistics.elementOffset),
            WorkGroups(ownCount.dividedRoundingUp(by: 32), count),
            work: products * 2 * Double(count) * Double(queries * keys) * Double(width))
        }
      }
    }
    try pass(.statistics, to: statistics)
    for (which, out) in [(AttentionPass.queries, toQueries), (.keys, toKeys), (.values, toValues)] {
      guard let out else { continue }
      try withRowMajorFloats(out) { try pass(which, to: window($0)) }
    }
  }
}
