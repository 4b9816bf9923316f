import DiffusionCore

extension VulkanBackend {
  /// In three dispatches: moments of runs of tokens, of groups, then the elements. A group of one image is large and
  /// there are few of them: one dispatch with a group of invocations for each would leave most of a device idle.
  public func groupNorm(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation, to out: Operand
  ) throws {
    let (batch, tokens, channels) = (x.shape[0], x.shape[1], x.shape[2])
    guard out.shape.elementCount > 0 else { return }
    let width = channels / groups
    // About four thousand elements a run, so that a run is worth its group of invocations.
    let tokensPerChunk = max(1, min(tokens, 4096 / max(width, 1)))
    let chunks = tokens.dividedRoundingUp(by: tokensPerChunk)
    let partials = try window(scratch([batch, groups, chunks, 2]))
    let moments = try window(scratch([batch, groups, 2]))
    let (source, target) = (try window(x), try window(out))

    var push: PushConstants = [tokens, groups, width, tokensPerChunk, source.elementOffset]
    push.append(x.view.strides)
    push.append(partials.elementOffset)
    // Two channels at a time, where both are of one group.
    let canPair = width % 2 == 0
    let step = canPair && x.dtype != .f32 && x.hasPairs(along: 2, in: source) ? 2 : 1
    let rows = RowGroups(tier: tier, lanes: laneProducts, columns: tokensPerChunk * width / step)
    let (first, firstConstants) = rows.kernel(
      .groupNormPartials, .groupNormPartialsSubgroups, [0, x.dtype.code, 0], step: step)
    try run(first, firstConstants, [partials, source], push, WorkGroups(chunks, batch * groups))

    push = [tokens, width, tokensPerChunk, chunks, partials.elementOffset, moments.elementOffset]
    push.append(epsilon)
    let (second, secondConstants) = rows.kernel(.groupNormMoments, .groupNormMomentsSubgroups, [0, 0, 0])
    try run(second, secondConstants, [moments, partials], push, WorkGroups(batch * groups, 1))

    // A run of tokens for each invocation: short, so that a small picture still makes enough of them, but not so short
    // that there are more runs than a device counts along one axis.
    let tokensPerRun = max(8, tokens.dividedRoundingUp(by: 65535))
    push = [tokens, channels, width, tokensPerRun, source.elementOffset]
    push.append(x.view.strides + [target.elementOffset] + out.view.strides + [moments.elementOffset])
    let parameters = try [gamma, beta].map(window)
    for (operand, window) in zip([gamma, beta], parameters) {
      push.append([window.elementOffset, operand.view.strides[0], Int(operand.dtype.code)])
    }
    let isPaired =
      canPair && [x, out].hasShortElements && x.hasPairs(along: 2, in: source) && out.hasPairs(along: 2, in: target)
      && zip([gamma, beta], parameters).allSatisfy { $0.hasPairs(along: 0, in: $1) }
    let taken = isPaired ? 2 : 1
    let across = channels <= 8 * taken ? 8 : channels <= 32 * taken ? 32 : 64
    try run(
      .groupNorm, [UInt32(across), out.dtype.code, x.dtype.code, activation.code, UInt32(taken)],
      [target, source, moments] + parameters,
      push,
      WorkGroups(channels.dividedRoundingUp(by: across * taken), tokens.dividedRoundingUp(by: tokensPerRun), batch))
  }
}

extension Activation {
  /// The number that shaders know the activation by.
  var code: UInt32 { UInt32(kernelNumber) }
}
