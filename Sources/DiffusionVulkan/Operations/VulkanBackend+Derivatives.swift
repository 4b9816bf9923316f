// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionShaders

/// Derivatives in one piece. Kernels read and write `f32` without gaps; other operands are copied.
///
/// The gradients of a linear layer are products, which ``matmul(_:_:to:)`` takes transposed, and that of a convolution's input
/// is a convolution with turned kernels: neither has a kernel of its own.
extension VulkanBackend: DerivativeBackend {
  public var derivativeMembers: Set<DerivativeMember> {
    Set(DerivativeMember.allCases).subtracting([.turnedConvolution])
  }

  /// The operand as kernels of derivatives read it: itself, or a copy.
  func rowMajorFloats(_ x: Operand) throws -> Operand {
    try x.dtype == .f32 ? contiguous(x) : converted(x, to: .f32)
  }

  /// Lets `body` compute into `f32` without gaps that ends up in `out`.
  func withRowMajorFloats(_ out: Operand, _ body: (Operand) throws -> Void) throws {
    try computing(out, in: .f32) { try withContiguous($0, body) }
  }

  /// The groups of a loop over so many elements.
  func loop(_ count: Int) -> WorkGroups { groupLimits.flat(count.dividedRoundingUp(by: 256)) }

  public func activationGradient(_ activation: Activation, _ x: Operand, _ gradient: Operand, to out: Operand) throws {
    guard out.shape.elementCount > 0 else { return }
    let (input, upstream) = (try window(rowMajorFloats(x)), try window(rowMajorFloats(gradient)))
    try withRowMajorFloats(out) { out in
      let target = try window(out)
      let count = out.shape.elementCount
      try run(
        .activationGradient, DerivativeConstants(variant: activation.kernelNumber, channels: 8),
        [target, input, upstream],
        ActivationGradientArguments(
          count: count, outOffset: target.elementOffset, xOffset: input.elementOffset,
          upstreamOffset: upstream.elementOffset), loop(count))
    }
  }

  public func gateGradient(_ both: Operand, _ gradient: Operand, to out: Operand) throws {
    let count = gradient.shape.elementCount
    guard count > 0 else { return }
    let (input, upstream) = (try window(rowMajorFloats(both)), try window(rowMajorFloats(gradient)))
    try withRowMajorFloats(out) { out in
      let target = try window(out)
      try run(
        .gateGradient, DerivativeConstants(variant: 0, channels: 8), [target, input, upstream],
        GateGradientArguments(
          count: count, width: gradient.shape[1], outOffset: target.elementOffset, bothOffset: input.elementOffset,
          upstreamOffset: upstream.elementOffset), loop(count))
    }
  }

  public func softmaxGradient(_ weights: Operand, scale: Float, _ gradient: Operand, to out: Operand) throws {
    guard out.shape.elementCount > 0 else { return }
    let columns = out.shape[out.shape.rank - 1]
    let rows = out.shape.elementCount / columns
    let (input, upstream) = (try window(rowMajorFloats(weights)), try window(rowMajorFloats(gradient)))
    let groups = RowGroups(tier: tier, lanes: laneProducts, columns: columns)
    try withRowMajorFloats(out) { out in
      let target = try window(out)
      try run(
        groups.kernel(.softmaxGradient, .softmaxGradientSubgroups), groups.constants(), [target, input, upstream],
        SoftmaxGradientArguments(
          rows: rows, columns: columns, scale: scale, outOffset: target.elementOffset,
          weightsOffset: input.elementOffset, upstreamOffset: upstream.elementOffset), groupLimits.flat(rows))
    }
  }

  public func columnSums(_ x: Operand, to out: Operand) throws {
    let columns = x.shape[x.shape.rank - 1]
    guard columns > 0 else { return }
    let rows = x.shape.elementCount / columns
    guard rows > 0 else { return try fill(out, with: 0) }
    let input = try rowMajorFloats(x)
    try withRowMajorFloats(out) { try sumColumns(input, batch: 1, rows: rows, columns: columns, to: $0) }
  }

  /// The sums over rows of `[batch, rows, columns]`, `[batch, columns]`, both `f32` without gaps. In runs whose sums are summed
  /// in turn, so that long columns fill a device, and few numbers are added one by one.
  func sumColumns(_ x: Operand, batch: Int, rows: Int, columns: Int, to out: Operand) throws {
    let rowsPerRun = max(64, rows.dividedRoundingUp(by: groupLimits.y))
    let runs = rows.dividedRoundingUp(by: rowsPerRun)
    let result = try runs > 1 ? scratch([batch, runs, columns]) : out
    let (input, target) = (try window(x), try window(result))
    for sample in stride(from: 0, to: batch, by: groupLimits.z) {
      try run(
        .columnSums, DerivativeConstants(variant: 0, channels: 8), [target, input],
        ColumnSumsArguments(
          rows: rows, columns: columns, rowsPerRun: rowsPerRun,
          outOffset: target.elementOffset + sample * runs * columns,
          xOffset: input.elementOffset + sample * rows * columns),
        WorkGroups(columns.dividedRoundingUp(by: 64), runs, min(groupLimits.z, batch - sample)))
    }
    if runs > 1 { try sumColumns(result, batch: batch, rows: runs, columns: columns, to: out) }
  }

  public func turnedConvolution(_ x: Operand, weight: Operand, geometry: ConvolutionGeometry, to out: Operand) throws {
    let strides = weight.view.strides
    let (kh, kw) = (weight.shape[1], weight.shape[2])
    let view = View(
      shape: [weight.shape[3], kh, kw, weight.shape[0]], strides: [strides[3], -strides[1], -strides[2], strides[0]],
      offset: weight.view.offset + (kh - 1) * strides[1] + (kw - 1) * strides[2])
    try convolution(
      x, weight: weight.with(view), bias: nil, geometry: geometry, activation: .none, residual: nil, to: out)
  }

  public func adamW(
    _ value: Operand, first: Operand, second: Operand, _ gradient: Operand?, _ factors: AdamWFactors
  ) throws {
    let count = value.shape.elementCount
    guard count > 0 else { return }
    let upstream = try gradient.map { try window(rowMajorFloats($0)) }
    /// One of the three, by what else it needs.
    func update(_ variant: Int, _ x: Operand, keep: Double, take: Double, _ sources: (Window) -> [Window]) throws {
      let own = try rowMajorFloats(x)
      let target = try window(own)
      let others = sources(target)
      try run(
        .adamw, DerivativeConstants(variant: variant, channels: 8), [target, target] + others,
        AdamWArguments(
          count: count, outOffset: target.elementOffset, valueOffset: target.elementOffset,
          aOffset: others[0].elementOffset, bOffset: others[1].elementOffset, hasGradient: gradient == nil ? 0 : 1,
          gradientScale: factors.gradientScale, keep: Float(keep), take: Float(take),
          deviationScale: factors.deviationScale, epsilon: factors.epsilon), loop(count))
      if own.buffer !== x.buffer { try copy(own, to: x) }
    }
    try update(0, first, keep: factors.beta1, take: 1 - factors.beta1) { [upstream ?? $0, upstream ?? $0] }
    try update(1, second, keep: factors.beta2, take: 1 - factors.beta2) { [upstream ?? $0, upstream ?? $0] }
    let moments = try [first, second].map { try window(rowMajorFloats($0)) }
    try update(2, value, keep: Double(factors.decay), take: Double(factors.rate)) { _ in moments }
  }
}
