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
    let (input, weight) = (try contiguous(x), try contiguous(weight))
    let (bias, residual) = (try bias.map(contiguous), try residual.map(contiguous))
    try withContiguous(out) { out in
      let windows = [try window(out), try window(input), try window(weight)]
      let (biasWindow, residualWindow) = (try bias.map(window), try residual.map(window))
      let rows = out.shape[0] * out.shape[1] * out.shape[2]
      let inner = weight.shape[1] * weight.shape[2] * weight.shape[3]
      let push: PushConstants = [
        rows, out.shape[3], inner, x.shape[1], x.shape[2], x.shape[3], out.shape[1], out.shape[2], weight.shape[2],
        geometry.stride, geometry.paddingBefore, windows[1].elementOffset, windows[2].elementOffset,
        windows[0].elementOffset, Self.epilogueFlags(bias, activation, residual),
        biasWindow?.elementOffset ?? 0, residualWindow?.elementOffset ?? 0,
      ]
      try run(
        .convolution,
        [0, out.dtype.code, input.dtype.code, weight.dtype.code, UInt32(geometry.upsampling)],
        windows + [biasWindow ?? windows[1], residualWindow ?? windows[1]], push,
        WorkGroups(ceilingDivide(out.shape[3], 64), ceilingDivide(rows, 64)),
        work: 2 * Double(rows) * Double(out.shape[3] * inner))
    }
  }
}
