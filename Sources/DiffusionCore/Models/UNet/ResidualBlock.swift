// SPDX-License-Identifier: Apache-2.0

/// The U-Net's residual block: two normed convolutions with the time embedding added between them.
package struct ResidualBlock: Sendable {
  /// `in_layers.0`
  let inNorm: GroupNorm
  /// `in_layers.2`
  let inConv: Conv2d
  /// `emb_layers.1`
  let embedding: Linear
  /// `out_layers.0`
  let outNorm: GroupNorm
  /// `out_layers.3`
  let outConv: Conv2d
  /// `skip_connection`, a 1x1 convolution where the width changes
  let skip: Linear?

  package init(_ p: Parameters, inputs: Int, outputs: Int, embeddingWidth: Int, groups: Int) throws {
    inNorm = try GroupNorm(p["in_layers"][0], channels: inputs, groups: groups, epsilon: 1e-5)
    inConv = try Conv2d(p["in_layers"][2], inputs: inputs, outputs: outputs)
    embedding = try Linear(p["emb_layers"][1], inputs: embeddingWidth, outputs: outputs)
    outNorm = try GroupNorm(p["out_layers"][0], channels: outputs, groups: groups, epsilon: 1e-5)
    outConv = try Conv2d(p["out_layers"][3], inputs: outputs, outputs: outputs)
    skip = inputs == outputs ? nil : try Linear(pointwise: p["skip_connection"], inputs: inputs, outputs: outputs)
  }

  /// - Parameter activatedEmbedding: SiLU of the time embedding, `[1, E]`, which all samples share, or one for each,
  ///   `[B, E]`.
  package func callAsFunction(_ x: Tensor, activatedEmbedding: Tensor) throws -> Tensor {
    try Task.checkCancellation()
    let (channels, rows) = (outConv.weight.shape[0], activatedEmbedding.shape[0])
    let shift = try embedding(activatedEmbedding)
    let normed = try inNorm(x, activation: .silu)
    let h =
      rows == 1
      ? try inConv(normed, extraBias: shift.reshaped([channels]))
      : try inConv(normed) + shift.reshaped([rows, 1, 1, channels])
    return try outConv(outNorm(h, activation: .silu), residual: skip.map { try $0(x) } ?? x)
  }
}

/// `op`: a convolution of stride 2.
package struct Downsampler: Sendable {
  let op: Conv2d

  package init(_ p: Parameters, channels: Int) throws {
    op = try Conv2d(
      p["op"], inputs: channels, outputs: channels, geometry: ConvolutionGeometry(stride: 2, padding: 1))
  }

  package func callAsFunction(_ x: Tensor) throws -> Tensor { try op(x) }
}

/// `conv`: doubles each pixel, then convolves.
package struct Upsampler: Sendable {
  let conv: Conv2d

  package init(_ p: Parameters, channels: Int) throws {
    conv = try Conv2d(
      p["conv"], inputs: channels, outputs: channels, geometry: ConvolutionGeometry(padding: 1, upsampling: 2))
  }

  package func callAsFunction(_ x: Tensor) throws -> Tensor { try conv(x) }
}
