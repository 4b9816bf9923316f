// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionShaders

extension VulkanBackend {
  /// In three dispatches: moments of runs of tokens, of groups, then the elements. A group of one image is large and
  /// there are few of them: one dispatch with a group of invocations for each would leave most of a device idle.
  public func groupNorm(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation, to out: Operand
  ) throws {
    guard out.shape.elementCount > 0 else { return }
    let width = x.shape[2] / groups
    let (source, target) = (try window(x), try window(out))
    let canPair = width % 2 == 0
    let moments = try groupMoments(x, source, groups: groups, epsilon: epsilon)
    try normalize(
      x, source, moments, groups: groups, gamma: gamma, beta: beta, activation: activation, canPair: canPair, to: out,
      target)
  }

  /// Mean and reciprocal deviation of each group, `[B, G, 2]`.
  ///
  /// - Parameter source: what is bound of `x`.
  func groupMoments(_ x: Operand, _ source: Window, groups: Int, epsilon: Float) throws -> Window {
    let (batch, tokens, channels) = (x.shape[0], x.shape[1], x.shape[2])
    let width = channels / groups
    // About four thousand elements a run, so that a run is worth its group of invocations.
    let tokensPerChunk = max(1, min(tokens, 4096 / max(width, 1)))
    let chunks = tokens.dividedRoundingUp(by: tokensPerChunk)
    let partials = try window(scratch([batch, groups, chunks, 2]))
    let moments = try window(scratch([batch, groups, 2]))
    // Two channels at a time, where both are of one group.
    let step = width % 2 == 0 && x.dtype != .f32 && x.hasPairs(along: 2, in: source) ? 2 : 1
    let rows = RowGroups(tier: tier, lanes: laneProducts, columns: tokensPerChunk * width / step)
    let runs = GroupNormPartialsArguments(
      batch: batch, tokens: tokens, groups: groups, width: width, tokensPerChunk: tokensPerChunk, chunks: chunks,
      xOffset: source.elementOffset, xStrides: x.view.strides, outOffset: partials.elementOffset)
    try run(
      rows.kernel(.groupNormPartials, .groupNormPartialsSubgroups), rows.constants(x: x.dtype, step: step),
      [partials, source], runs, groupLimits.flat(chunks * batch * groups))

    let whole = GroupNormMomentsArguments(
      groups: batch * groups, tokens: tokens, width: width, tokensPerChunk: tokensPerChunk, chunks: chunks,
      inOffset: partials.elementOffset, outOffset: moments.elementOffset, epsilon: epsilon)
    try run(
      rows.kernel(.groupNormMoments, .groupNormMomentsSubgroups), rows.constants(), [moments, partials], whole,
      groupLimits.flat(batch * groups))
    return moments
  }

  /// The last dispatch, by the moments of the groups.
  private func normalize(
    _ x: Operand, _ source: Window, _ moments: Window, groups: Int, gamma: Operand, beta: Operand,
    activation: Activation, canPair: Bool, to out: Operand, _ target: Window
  ) throws {
    let (batch, tokens, channels) = (x.shape[0], x.shape[1], x.shape[2])
    let width = channels / groups
    // A run of tokens for each invocation: short, so that a small picture still makes enough of them, but not so short
    // that there are more runs than a device counts along one axis.
    let tokensPerRun = max(8, tokens.dividedRoundingUp(by: groupLimits.y))
    let parameters = try [gamma, beta].map(window)
    let isPaired =
      canPair && [x, out].hasShortElements && x.hasPairs(along: 2, in: source) && out.hasPairs(along: 2, in: target)
      && zip([gamma, beta], parameters).allSatisfy { $0.hasPairs(along: 0, in: $1) }
    let taken = isPaired ? 2 : 1
    let across = channels <= 8 * taken ? 8 : channels <= 32 * taken ? 32 : 64
    // A sample for each group along z, and more samples in more dispatches.
    for sample in stride(from: 0, to: batch, by: groupLimits.z) {
      let elements = GroupNormArguments(
        tokens: tokens, channels: channels, width: width, tokensPerRun: tokensPerRun,
        xOffset: source.elementOffset + sample * x.view.strides[0], xStrides: x.view.strides,
        outOffset: target.elementOffset + sample * out.view.strides[0], outStrides: out.view.strides,
        momentsOffset: moments.elementOffset + 2 * sample * groups,
        gammaOffset: parameters[0].elementOffset, gammaStride: gamma.view.strides[0],
        gammaType: gamma.dtype.kernelNumber, betaOffset: parameters[1].elementOffset,
        betaStride: beta.view.strides[0], betaType: beta.dtype.kernelNumber)
      try run(
        .groupNorm,
        GroupNormConstants(
          threads: across, outType: out.dtype.kernelNumber, xType: x.dtype.kernelNumber,
          activation: activation.kernelNumber, step: taken),
        [target, source, moments] + parameters, elements,
        WorkGroups(
          channels.dividedRoundingUp(by: across * taken), tokens.dividedRoundingUp(by: tokensPerRun),
          min(groupLimits.z, batch - sample)))
    }
  }
}
