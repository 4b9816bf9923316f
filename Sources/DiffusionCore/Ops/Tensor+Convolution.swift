// SPDX-License-Identifier: Apache-2.0

extension Tensor {
  /// `activation(conv2d(x, weight) + bias) + residual` on an image `[B, H, W, I]`.
  ///
  /// - Parameters:
  ///   - weight: `[O, kh, kw, I / groups]`.
  ///   - bias: `[O]`.
  ///   - residual: the shape of the result.
  /// - Returns: `[B, H', W', O]`, see ``ConvolutionGeometry/outputExtent(input:kernel:)``.
  public func convolution(
    weight: Tensor, bias: Tensor? = nil, geometry: ConvolutionGeometry, activation: Activation = .none,
    residual: Tensor? = nil
  ) throws -> Tensor {
    precondition(shape.rank == 4 && weight.shape.rank == 4, "convolution of \(shape) with \(weight.shape)")
    precondition(geometry.groups > 0 && geometry.dilation > 0, "\(geometry)")
    precondition(
      shape[3] == weight.shape[3] * geometry.groups && weight.shape[0] % geometry.groups == 0,
      "\(shape) does not have the channels of \(weight.shape) in \(geometry.groups) groups")
    precondition(bias.map { $0.shape == [weight.shape[0]] } ?? true, "the bias is not of shape [\(weight.shape[0])]")
    let out: Shape = [
      shape[0], geometry.outputExtent(input: shape[1], kernel: weight.shape[1]),
      geometry.outputExtent(input: shape[2], kernel: weight.shape[2]), weight.shape[0],
    ]
    precondition(residual.map { $0.shape == out } ?? true, "the residual is not of shape \(out)")
    return try result(out) {
      try backend.convolveAny(
        operand, weight: weight.operand, bias: bias?.operand, geometry: geometry, activation: activation,
        residual: residual?.operand, to: $0)
    }
  }
}
