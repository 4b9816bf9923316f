// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionShaders

extension VulkanBackend {
  public func attention(_ q: Operand, _ k: Operand, _ v: Operand, scale: Float, to out: Operand) throws {
    let (batch, heads, queries, width) = (q.shape[0], q.shape[1], q.shape[2], q.shape[3])
    let keys = k.shape[2]
    guard out.shape.elementCount > 0 else { return }
    if width > Self.widestFusedHead { return try attentionOfWideHeads(q, k, v, scale: scale, to: out) }
    let operands = [out, q, k, v]
    if batch * heads > groupLimits.y {
      // A sample at a time, or a head.
      let (axis, extent) = batch > 1 ? (0, batch) : (1, heads)
      let step = max(1, groupLimits.y / (batch > 1 ? heads : 1))
      for first in stride(from: 0, to: extent, by: step) {
        let parts = operands.map { $0.with($0.view.sliced(axis: axis, first..<min(first + step, extent))) }
        try attention(parts[1], parts[2], parts[3], scale: scale, to: parts[0])
      }
      return
    }
    let windows = try operands.map(window)
    let arguments = AttentionArguments(
      heads: heads, queries: queries, keys: keys, width: width, scale: scale, outOffset: windows[0].elementOffset,
      outStrides: out.view.strides, qOffset: windows[1].elementOffset, qStrides: q.view.strides,
      kOffset: windows[2].elementOffset, kStrides: k.view.strides, vOffset: windows[3].elementOffset,
      vStrides: v.view.strides)
    let work = 4 * Double(batch * heads) * Double(queries * keys) * Double(width)
    let types = operands.map(\.dtype.kernelNumber)
    if let matrices = matrixProducts,
      let depth = matrices.attentionDepth(width: width, canPassRows: device.physical.kernelFeatures.canPassRowsOfEight),
      zip([q, k, v], windows.dropFirst()).allSatisfy({ $0.isMatrixOperand(along: 3, in: $1) })
    {
      return try run(
        matrices.kernel(.attentionMatrix, .attentionMatrixEmulated),
        AttentionMatrixConstants(
          threads: matrices.threads, matrixColumns: matrices.shape.columns, matrixInner: matrices.shape.inner,
          depth: depth, outType: types[0]), windows, arguments,
        WorkGroups(queries.dividedRoundingUp(by: 64), batch * heads), work: work)
    }
    if let lanes = laneProducts {
      guard lanes.accepts(out, q, k, v) else {
        return try computing(out, in: .f32) {
          try attention(
            converted(q, to: .f32), converted(k, to: .f32), converted(v, to: .f32), scale: scale, to: $0)
        }
      }
      let paired = zip(operands, windows).map { $0.hasPairs(along: 3, in: $1) }
      return try run(
        .attentionLanes,
        AttentionLanesConstants(
          threads: lanes.width, outType: types[0], qType: types[1], kType: types[2], vType: types[3],
          qkPaired: paired[1] && paired[2], vPaired: paired[3], outPaired: paired[0]), windows, arguments,
        WorkGroups(
          queries.dividedRoundingUp(by: LaneProducts.rows), batch * heads, width.dividedRoundingUp(by: 4 * lanes.width)),
        work: work)
    }
    // An invocation keeps four rows of so many channels in registers.
    let channels = min(16, 4 * width.dividedRoundingUp(by: 32))
    let passesRows = tier >= .subgroup && device.physical.kernelFeatures.canPassRowsOfEight
    try run(
      passesRows ? .attentionSubgroups : .attention,
      AttentionConstants(outType: types[0], qType: types[1], kType: types[2], vType: types[3], channels: channels),
      windows, arguments,
      WorkGroups(queries.dividedRoundingUp(by: 32), batch * heads), work: work)
  }

  /// The channels of a head whose sums fit into the registers of a group of invocations.
  static let widestFusedHead = 128
  /// What the scores of as many queries as are taken at a time may have, in bytes; so many again are their softmax.
  private static let scoreByteCount = 8 << 20

  /// Attention of heads too wide for the registers: the autoencoder's, with one head of all channels.
  ///
  /// The scores of some hundred queries at a time lie in memory between two products and a softmax. For such heads that
  /// is little beside the products' work, and a kernel that keeps them on the device's chip would make all scores anew
  /// for each part of the channels.
  private func attentionOfWideHeads(
    _ q: Operand, _ k: Operand, _ v: Operand, scale: Float, to out: Operand
  ) throws {
    let (queries, keys) = (q.shape[2], k.shape[2])
    let rows = min(queries, max(64, Self.scoreByteCount / 4 / max(keys, 1)))
    let scores = try scratch([1, rows, keys])
    let weights = try scratch([1, rows, keys])
    for batch in 0..<q.shape[0] {
      for head in 0..<q.shape[1] {
        for first in stride(from: 0, to: queries, by: rows) {
          let range = first..<min(first + rows, queries)
          func part(_ scratch: Operand) -> Operand { scratch.with(View(contiguous: [1, range.count, keys])) }
          let transposed = k.matrix(batch, head, 0..<keys).transposed
          try product(q.matrix(batch, head, range), transposed, to: part(scores))
          try softmax(part(scores), scale: scale, to: part(weights))
          try product(part(weights), v.matrix(batch, head, 0..<keys), to: out.matrix(batch, head, range))
        }
      }
    }
  }
}

extension Operand {
  /// Some tokens of one head of `[B, H, N, D]`, as a batch of one matrix: `[1, n, D]`.
  fileprivate func matrix(_ batch: Int, _ head: Int, _ tokens: Range<Int>) -> Operand {
    let strides = view.strides
    return with(
      View(
        shape: [1, tokens.count, shape[3]], strides: [0, strides[2], strides[3]],
        offset: view.offset + batch * strides[0] + head * strides[1] + tokens.lowerBound * strides[2]))
  }

  /// The matrix of a batch of one, transposed.
  fileprivate var transposed: Operand { with(view.permuted([0, 2, 1])) }
}
