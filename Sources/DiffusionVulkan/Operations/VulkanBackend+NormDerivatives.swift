// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionShaders

extension VulkanBackend {
  public func layerNormGradient(
    _ x: Operand, gamma: Operand, epsilon: Float, _ gradient: Operand, toInput out: Operand, toGamma: Operand?,
    toBeta: Operand?
  ) throws {
    guard x.shape.elementCount > 0 else { return }
    let columns = x.shape[x.shape.rank - 1]
    let rows = x.shape.elementCount / columns
    let slopes = try rowMajorFloats(gradient)
    let (input, upstream) = (try window(rowMajorFloats(x)), try window(slopes))
    let scales = try window(rowMajorFloats(gamma))
    let groups = RowGroups(tier: tier, lanes: laneProducts, columns: columns)
    func make(_ result: Operand, isProduct: Bool) throws {
      let target = try window(result)
      try run(
        groups.kernel(.layerNormGradient, .layerNormGradientSubgroups), groups.constants(),
        [target, input, upstream, scales],
        LayerNormGradientArguments(
          rows: rows, columns: columns, epsilon: epsilon, makesProducts: isProduct ? 1 : 0,
          outOffset: target.elementOffset, xOffset: input.elementOffset, upstreamOffset: upstream.elementOffset,
          gammaOffset: scales.elementOffset), groupLimits.flat(rows))
    }
    try withRowMajorFloats(out) { try make($0, isProduct: false) }
    if let toGamma {
      let products = try scratch([rows, columns])
      try make(products, isProduct: true)
      try columnSums(products, to: toGamma)
    }
    if let toBeta { try columnSums(slopes, to: toBeta) }
  }

  /// What the activation let through, and its product with the normed input, are made in two passes; their sums over tokens
  /// make the gradients of the parameters, and those of a group's channels what the input's gradient subtracts.
  public func groupNormGradient(
    _ x: Operand, groups: Int, gamma: Operand, beta: Operand, epsilon: Float, activation: Activation,
    _ gradient: Operand, toInput out: Operand, toGamma: Operand?, toBeta: Operand?
  ) throws {
    let (batch, tokens, channels) = (x.shape[0], x.shape[1], x.shape[2])
    guard x.shape.elementCount > 0 else { return }
    let width = channels / groups
    let count = x.shape.elementCount
    let values = try rowMajorFloats(x)
    let (input, upstream) = (try window(values), try window(rowMajorFloats(gradient)))
    let (scales, shifts) = (try window(rowMajorFloats(gamma)), try window(rowMajorFloats(beta)))
    let moments = try groupMoments(values, input, groups: groups, epsilon: epsilon)
    /// What the activation let through, or that times the normed input, and its sums over tokens, `[B, C]`.
    func products(_ isProduct: Bool) throws -> (all: Window, sums: Operand) {
      let all = try scratch(x.shape)
      let target = try window(all)
      try run(
        .groupNormProducts, DerivativeConstants(variant: activation.kernelNumber, channels: 8),
        [target, input, upstream, moments, scales, shifts],
        GroupNormProductsArguments(
          count: count, tokens: tokens, channels: channels, width: width, makesProducts: isProduct ? 1 : 0,
          outOffset: target.elementOffset, xOffset: input.elementOffset, upstreamOffset: upstream.elementOffset,
          momentsOffset: moments.elementOffset, gammaOffset: scales.elementOffset, betaOffset: shifts.elementOffset),
        loop(count))
      let sums = try scratch([batch, channels])
      try sumColumns(all, batch: batch, rows: tokens, columns: channels, to: sums)
      return (target, sums)
    }
    let (inner, innerSums) = try products(false)
    let (_, productSums) = try products(true)
    if let toBeta { try columnSums(innerSums, to: toBeta) }
    if let toGamma { try columnSums(productSums, to: toGamma) }

    let (plain, along) = (try window(innerSums), try window(productSums))
    let means = try window(scratch([batch, groups, 2]))
    try run(
      .groupNormSums, DerivativeConstants(variant: 0, channels: 8), [means, plain, along, scales],
      GroupNormSumsArguments(
        groups: batch * groups, tokens: tokens, channels: channels, width: width, outOffset: means.elementOffset,
        innerOffset: plain.elementOffset, productsOffset: along.elementOffset, gammaOffset: scales.elementOffset),
      WorkGroups((batch * groups).dividedRoundingUp(by: 64), 1))
    try withRowMajorFloats(out) { out in
      let target = try window(out)
      try run(
        .groupNormGradient, DerivativeConstants(variant: 0, channels: 8),
        [target, input, inner, moments, scales, means],
        GroupNormGradientArguments(
          count: count, tokens: tokens, channels: channels, width: width, outOffset: target.elementOffset,
          xOffset: input.elementOffset, innerOffset: inner.elementOffset, momentsOffset: moments.elementOffset,
          gammaOffset: scales.elementOffset, meansOffset: means.elementOffset), loop(count))
    }
  }
}
