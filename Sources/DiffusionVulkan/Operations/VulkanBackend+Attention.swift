import DiffusionCore

extension VulkanBackend {
  public func attention(_ q: Operand, _ k: Operand, _ v: Operand, scale: Float, to out: Operand) throws {
    let (batch, heads, queries, width) = (q.shape[0], q.shape[1], q.shape[2], q.shape[3])
    let keys = k.shape[2]
    guard out.shape.elementCount > 0 else { return }
    let operands = [out, q, k, v]
    let windows = try operands.map(window)
    var push: PushConstants = [heads, queries, keys, width]
    push.append(scale)
    for (operand, window) in zip(operands, windows) {
      push.append([window.elementOffset] + operand.view.strides)
    }
    let work = 4 * Double(batch * heads) * Double(queries * keys) * Double(width)
    let types = operands.map(\.dtype.code)
    if let matrices = matrixProducts,
      let depth = matrices.attentionDepth(width: width, canPassRows: device.physical.kernelFeatures.canPassRowsOfEight),
      zip([q, k, v], windows.dropFirst()).allSatisfy({ $0.isMatrixOperand(along: 3, in: $1) })
    {
      return try run(
        matrices.kernel(.attentionMatrix, .attentionMatrixEmulated),
        [matrices.threads, matrices.shape.columns, matrices.shape.inner, depth].map { UInt32($0) } + [out.dtype.code],
        windows, push, WorkGroups(ceilingDivide(queries, 64), batch * heads), work: work)
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
        [UInt32(lanes.width)] + types + [paired[1] && paired[2], paired[3], paired[0]].map { $0 ? 1 : 0 }, windows,
        push,
        WorkGroups(
          ceilingDivide(queries, LaneProducts.rows), batch * heads, ceilingDivide(width, 4 * lanes.width)),
        work: work)
    }
    // An invocation keeps four rows of so many channels in registers; a wider head is cut into parts.
    let channels = min(16, 4 * ceilingDivide(width, 32))
    let passesRows = tier >= .subgroup && device.physical.kernelFeatures.canPassRowsOfEight
    try run(
      passesRows ? .attentionSubgroups : .attention, types + [UInt32(channels)], windows, push,
      WorkGroups(ceilingDivide(queries, 32), batch * heads, ceilingDivide(width, 8 * channels)), work: work)
  }
}
