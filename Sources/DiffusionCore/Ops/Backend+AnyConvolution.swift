// SPDX-License-Identifier: Apache-2.0

extension Backend {
  public var takesDilationAndGroups: Bool { false }

  /// ``convolution(_:weight:bias:geometry:activation:residual:to:)`` of any geometry, on any backend: where it takes
  /// neither dilation nor groups, groups are convolved one after the other, and the holes of a dilated kernel are filled
  /// with zeros.
  package func convolveAny(
    _ x: Operand, weight: Operand, bias: Operand?, geometry: ConvolutionGeometry, activation: Activation,
    residual: Operand?, to out: Operand
  ) throws {
    let isPlain = geometry.dilation == 1 && geometry.groups == 1
    if isPlain || takesDilationAndGroups {
      return try convolution(
        x, weight: weight, bias: bias, geometry: geometry, activation: activation, residual: residual, to: out)
    }
    guard out.shape.elementCount > 0 else { return }
    let kernel = try geometry.dilation == 1 ? weight : filled(weight, dilation: geometry.dilation)
    let plain = ConvolutionGeometry(
      stride: geometry.stride, paddingBefore: geometry.paddingBefore, paddingAfter: geometry.paddingAfter,
      upsampling: geometry.upsampling)
    for group in 0..<geometry.groups {
      func part(_ operand: Operand, axis: Int) -> Operand {
        let width = operand.shape[axis] / geometry.groups
        return operand.with(operand.view.sliced(axis: axis, group * width..<(group + 1) * width))
      }
      try convolution(
        part(x, axis: 3), weight: part(kernel, axis: 0), bias: bias.map { part($0, axis: 0) }, geometry: plain,
        activation: activation, residual: residual.map { part($0, axis: 3) }, to: part(out, axis: 3))
    }
  }

  /// A kernel `[O, kh, kw, I]` with zeros between its taps.
  private func filled(_ weight: Operand, dilation: Int) throws -> Operand {
    let shape = weight.shape
    func reach(_ extent: Int) -> Int { extent == 0 ? 0 : (extent - 1) * dilation + 1 }
    let kernel = try Tensor(repeating: 0, shape: [shape[0], reach(shape[1]), reach(shape[2]), shape[3]], on: self)
    let taps = kernel.stepped(axis: 1, first: 0, stride: dilation, count: shape[1])
      .stepped(axis: 2, first: 0, stride: dilation, count: shape[2])
    try copy(weight, to: taps.operand)
    return kernel.operand
  }
}
