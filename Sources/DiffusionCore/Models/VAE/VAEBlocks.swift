// SPDX-License-Identifier: Apache-2.0

/// The autoencoder's residual block.
package struct VAEResidualBlock: Sendable {
  /// `norm1`, `conv1`, `norm2`, `conv2`
  let norm1: GroupNorm
  let conv1: Conv2d
  let norm2: GroupNorm
  let conv2: Conv2d
  /// `nin_shortcut`, a 1x1 convolution where the width changes
  let shortcut: Linear?

  package init(_ p: Parameters, inputs: Int, outputs: Int, groups: Int) throws {
    norm1 = try GroupNorm(p["norm1"], channels: inputs, groups: groups, epsilon: 1e-6)
    conv1 = try Conv2d(p["conv1"], inputs: inputs, outputs: outputs)
    norm2 = try GroupNorm(p["norm2"], channels: outputs, groups: groups, epsilon: 1e-6)
    conv2 = try Conv2d(p["conv2"], inputs: outputs, outputs: outputs)
    shortcut = inputs == outputs ? nil : try Linear(pointwise: p["nin_shortcut"], inputs: inputs, outputs: outputs)
  }

  package func callAsFunction(_ x: Tensor, norms: NormStatistics = .own) throws -> Tensor {
    try Task.checkCancellation()
    let h = try conv1(norms.normalize(x, by: norm1, activation: .silu))
    return try conv2(norms.normalize(h, by: norm2, activation: .silu), residual: shortcut.map { try $0(x) } ?? x)
  }
}

/// Single-head attention over all pixels.
package struct VAEAttention: Sendable {
  /// `norm`
  let norm: GroupNorm
  /// `q`, `k`, `v`, `proj_out`: 1x1 convolutions
  let query: Linear
  let key: Linear
  let value: Linear
  let output: Linear

  package init(_ p: Parameters, channels: Int, groups: Int) throws {
    func pointwise(_ name: String) throws -> Linear {
      try Linear(pointwise: p[name], inputs: channels, outputs: channels)
    }
    norm = try GroupNorm(p["norm"], channels: channels, groups: groups, epsilon: 1e-6)
    query = try pointwise("q")
    key = try pointwise("k")
    value = try pointwise("v")
    output = try pointwise("proj_out")
  }

  package func callAsFunction(_ x: Tensor) throws -> Tensor {
    try Task.checkCancellation()
    let tokens: Shape = [x.shape[0], x.shape[1] * x.shape[2], x.shape[3]]
    let h = try norm(x).reshaped(tokens)
    let attended = try Tensor.attention(query(h), key(h), value(h), heads: 1)
    return try output(attended, residual: x.reshaped(tokens)).reshaped(x.shape)
  }
}

/// `mid`: residual block, attention, residual block.
struct VAEMiddle: Sendable {
  /// `block_1`, `attn_1`, `block_2`
  let block1: VAEResidualBlock
  let attention: VAEAttention
  let block2: VAEResidualBlock

  init(_ p: Parameters, channels: Int, groups: Int) throws {
    block1 = try VAEResidualBlock(p["block_1"], inputs: channels, outputs: channels, groups: groups)
    attention = try VAEAttention(p["attn_1"], channels: channels, groups: groups)
    block2 = try VAEResidualBlock(p["block_2"], inputs: channels, outputs: channels, groups: groups)
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor { try block2(attention(block1(x))) }
}
