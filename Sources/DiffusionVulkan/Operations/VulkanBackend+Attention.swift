import DiffusionCore

extension VulkanBackend {
  public func attention(_ q: Operand, _ k: Operand, _ v: Operand, scale: Float, to out: Operand) throws {
    let (batch, heads, queries, width) = (q.shape[0], q.shape[1], q.shape[2], q.shape[3])
    let keys = k.shape[2]
    guard out.shape.elementCount > 0 else { return }
    // An invocation keeps four rows of so many channels in registers; a wider head is cut into parts.
    let channels = min(16, ceilingDivide(width, 8))
    let operands = [out, q, k, v]
    let windows = try operands.map(window)
    var push: PushConstants = [heads, queries, keys, width]
    push.append(scale)
    for (operand, window) in zip(operands, windows) {
      push.append([window.elementOffset] + operand.view.strides)
    }
    try run(
      .attention, operands.map(\.dtype.code) + [UInt32(channels)], windows, push,
      WorkGroups(ceilingDivide(queries, 32), batch * heads, ceilingDivide(width, 8 * channels)),
      work: 4 * Double(batch * heads) * Double(queries * keys) * Double(width))
  }
}
