// SPDX-License-Identifier: Apache-2.0

extension CPUBackend {
  /// By Winograd's method where it pays, otherwise directly. The weight is read where it lies, of any element type, and
  /// turned as it is packed.
  public func turnedConvolution(
    _ x: Operand, weight: Operand, geometry: ConvolutionGeometry, to out: Operand
  ) throws {
    let (kh, kw, channels, outputs) = (weight.shape[1], weight.shape[2], weight.shape[3], weight.shape[0])
    guard out.shape.elementCount > 0 else { return }
    let strides = weight.view.strides
    let kernel: Shape = [channels, kh, kw, outputs]
    let byWinograd = usesWinograd && Self.winogradPays(weight: kernel, geometry: geometry, out: out.shape)
    // Runs of few channels are too short to be read through the image.
    guard strides[3] == 1, channels > 1, byWinograd || outputs >= 32 || kh * kw == 1 else {
      let view = View(
        shape: kernel, strides: [strides[3], -strides[1], -strides[2], strides[0]],
        offset: weight.view.offset + (kh - 1) * strides[1] + (kw - 1) * strides[2])
      return try convolution(
        x, weight: floats(weight.with(view)), bias: nil, geometry: geometry, activation: .none, residual: nil, to: out)
    }
    let taps = (0..<kh * kw).map { tap in Int64((kh - 1 - tap / kw) * strides[1] + (kw - 1 - tap % kw) * strides[2]) }
    let weights = PackableWeight(
      pointer: UnsafeRawPointer(address(weight)), dtype: weight.dtype, columnStride: 1, owner: weight,
      crossed: PackableWeight.Crossed(rowStride: strides[0], taps: taps))
    if byWinograd {
      try winogradConvolution(
        x, weights, bias: nil, geometry: geometry, activation: .none, residual: nil, to: out)
    } else {
      try directConvolution(
        x, weights, kernel: kernel, bias: nil, geometry: geometry, activation: .none, residual: nil, to: out)
    }
  }
}
