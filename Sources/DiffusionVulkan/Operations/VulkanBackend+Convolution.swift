import DiffusionCore

extension VulkanBackend {
  public func conv2d(_ x: Operand, weight: Operand, _ geometry: ConvolutionGeometry, to out: Operand) throws {
    try convolution(
      x, weight: weight, bias: nil, geometry: geometry, activation: .none, residual: nil, to: out)
  }

  public func convolution(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    guard out.shape.elementCount > 0 else { return }
    if geometry.groups > 1 {
      return try convolutionOfGroups(
        x, weight: weight, bias: bias, geometry: geometry, activation: activation, residual: residual, to: out)
    }
    let (input, weight) = (try contiguous(x), try contiguous(weight))
    let (bias, residual) = (try bias.map(contiguous), try residual.map(contiguous))
    try withContiguous(out) { out in
      let rows = out.shape[0] * out.shape[1] * out.shape[2]
      let (columns, inner) = (out.shape[3], weight.shape.dropFirst().reduce(1, *))
      let tiles =
        rows.dividedRoundingUp(by: 32 * productPlan.parts(rows: rows, columns: columns))
        * columns.dividedRoundingUp(by: 64)
      let splits = productPlan.splits(groups: tiles, inner: inner, multiple: 32)
      guard laneProducts == nil, splits.count > 1 else {
        return try implicitProduct(
          input, weight, geometry, bias: bias, activation: activation, residual: residual, split: inner, to: out)
      }
      // Parts of the inner extent, one after the other in memory, which are then summed.
      let parts = try scratch(Shape([splits.count] + out.shape.extents))
      let first = parts.with(View(contiguous: out.shape, offset: parts.view.offset))
      try implicitProduct(
        input, weight, geometry, bias: nil, activation: .none, residual: nil, split: splits.length, to: first,
        within: parts)
      func matrix(_ operand: Operand) -> Operand {
        operand.with(View(contiguous: [rows, columns], offset: operand.view.offset))
      }
      try sumSplits(
        parts, splits.count, rows: rows, columns: columns, bias: bias, activation: activation,
        residual: residual.map(matrix), to: matrix(out))
    }
  }

  /// One group after the other, of copies of its channels.
  private func convolutionOfGroups(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    var single = geometry
    single.groups = 1
    for group in 0..<geometry.groups {
      func part(_ operand: Operand, axis: Int) -> Operand {
        let width = operand.shape[axis] / geometry.groups
        return operand.with(operand.view.sliced(axis: axis, group * width..<(group + 1) * width))
      }
      try convolution(
        part(x, axis: 3), weight: part(weight, axis: 0), bias: bias.map { part($0, axis: 0) }, geometry: single,
        activation: activation, residual: residual.map { part($0, axis: 3) }, to: part(out, axis: 3))
    }
  }

  /// The convolution of row-major operands as a product.
  ///
  /// - Parameters:
  ///   - split: how much of the inner extent a group of invocations sums.
  ///   - whole: what is bound of the destination: all parts, if there are several.
  private func implicitProduct(
    _ input: Operand, _ weight: Operand, _ geometry: ConvolutionGeometry, bias: Operand?, activation: Activation,
    residual: Operand?, split: Int, to out: Operand, within whole: Operand? = nil
  ) throws {
    let windows = [try window(whole ?? out), try window(input), try window(weight)]
    let (biasWindow, residualWindow) = (try bias.map(window), try residual.map(window))
    let rows = out.shape[0] * out.shape[1] * out.shape[2]
    let (columns, inner) = (out.shape[3], weight.shape.dropFirst().reduce(1, *))
    // There may be no input channels at all.
    let splits = split < inner ? inner.dividedRoundingUp(by: split) : 1
    let pairedOutputs =
      columns % 2 == 0 && [windows[0].elementOffset, residualWindow?.elementOffset ?? 0].allSatisfy { $0 % 2 == 0 }
    var push: PushConstants = [
      rows, columns, inner, input.shape[1], input.shape[2], input.shape[3], out.shape[1], out.shape[2],
      weight.shape[2], geometry.stride, geometry.paddingBefore, geometry.dilation, windows[1].elementOffset,
      windows[2].elementOffset,
      windows[0].elementOffset,
    ]
    push.append(Self.epilogueFlags(bias, activation, residual, pairedOutputs: pairedOutputs))
    push.append([biasWindow?.elementOffset ?? 0, residualWindow?.elementOffset ?? 0, split])
    // What is absent is still bound: the shader names it, and any source will do.
    let all = windows + [biasWindow ?? windows[1], residualWindow ?? windows[1]]
    let work = 2 * Double(rows) * Double(columns * inner)
    let types = [out.dtype.code, input.dtype.code, weight.dtype.code]
    let upsampling = UInt32(geometry.upsampling)
    if let matrices = matrixProducts, input.isMatrixOperand(along: 3, in: windows[1]),
      weight.isMatrixOperand(along: 3, in: windows[2])
    {
      let tile = matrices.tile(rows: rows, columns: columns, batch: splits)
      return try run(
        matrices.kernel(.convolutionMatrix, .convolutionMatrixEmulated),
        matrices.constants(tile: tile, out: out.dtype) + [upsampling], all, push,
        WorkGroups(columns.dividedRoundingUp(by: tile), rows.dividedRoundingUp(by: tile), splits), work: work)
    }
    // These do not split.
    if splits == 1, let lanes = laneProducts {
      let pairs = lanes.pairs(columns: columns)
      if let groups = lanes.groups(rows: rows, columns: columns, pairs: pairs) {
        guard lanes.accepts(input, out) else {
          return try computing(out, in: .f32) {
            try implicitProduct(
              converted(input, to: .f32), weight, geometry, bias: bias, activation: activation, residual: residual,
              split: split, to: $0)
          }
        }
        let paired = [
          input.shape[3] % 2 == 0 && windows[1].elementOffset % 2 == 0,
          inner % 2 == 0 && windows[2].elementOffset % 2 == 0,
        ]
        return try run(
          .convolutionLanes,
          [UInt32(lanes.width)] + types + paired.map { $0 ? 1 : 0 } + [UInt32(pairs), upsampling], all, push, groups,
          work: work)
      }
    }
    let parts = productPlan.parts(rows: rows, columns: columns, batch: splits)
    let leftMode: UInt32 = input.shape[3] % 4 == 0 && windows[1].elementOffset % 4 == 0 ? 2 : 1
    let rightMode: UInt32 = inner % 4 == 0 && windows[2].elementOffset % 4 == 0 ? 2 : 1
    try run(
      .convolution, [0] + types + [upsampling, leftMode, rightMode, UInt32(parts)], all, push,
      WorkGroups(columns.dividedRoundingUp(by: 64), rows.dividedRoundingUp(by: 32 * parts), splits), work: work)
  }
}
