// SPDX-License-Identifier: Apache-2.0

/// The transformer of OpenCLIP's towers: of the vision tower without a mask, of the text tower with a causal one.
package struct OpenCLIPTransformer: Sendable {
  /// `resblocks`
  let blocks: [OpenCLIPBlock]

  /// Loads the blocks.
  package init(_ p: Parameters, width: Int, layers: Int, heads: Int) throws {
    blocks = try (0..<layers).map { try OpenCLIPBlock(p["resblocks"][$0], width: width, heads: heads) }
  }

  /// `[B, N, width]` to the same shape.
  ///
  /// - Parameters:
  ///   - mask: as that of ``OpenCLIPBlock``.
  ///   - last: how many of the last blocks are not run.
  package func callAsFunction(_ x: Tensor, mask: Tensor? = nil, leavingOut last: Int = 0) throws -> Tensor {
    try blocks.dropLast(last).reduce(x) { try $1($0, mask: mask) }
  }
}

/// `x += attn(ln_1(x)); x += mlp(ln_2(x))`.
package struct OpenCLIPBlock: Sendable {
  /// `ln_1`, `ln_2`
  let norm1: LayerNorm
  let norm2: LayerNorm
  /// `attn.in_proj_weight` and `attn.in_proj_bias`: queries, keys and values in one
  let projectIn: Linear
  /// `attn.out_proj`
  let projectOut: Linear
  /// `mlp.c_fc`, `mlp.c_proj`
  let feedIn: Linear
  let feedOut: Linear
  let heads: Int

  /// Loads the block.
  package init(_ p: Parameters, width: Int, heads: Int) throws {
    norm1 = try LayerNorm(p["ln_1"], channels: width)
    norm2 = try LayerNorm(p["ln_2"], channels: width)
    projectIn = Linear(
      weight: try p["attn"]("in_proj_weight", [3 * width, width]), bias: try p["attn"]("in_proj_bias", [3 * width]))
    projectOut = try Linear(p["attn"]["out_proj"], inputs: width, outputs: width)
    feedIn = try Linear(p["mlp"]["c_fc"], inputs: width, outputs: 4 * width)
    feedOut = try Linear(p["mlp"]["c_proj"], inputs: 4 * width, outputs: width)
    self.heads = heads
  }

  /// `[B, N, width]` to the same shape.
  ///
  /// - Parameter mask: `[N, N]`, added to the logits of a token's (row) attention to another (column); see
  ///   ``Tensor/causalMask(_:on:)``. nil where every token sees all.
  package func callAsFunction(_ input: Tensor, mask: Tensor? = nil) throws -> Tensor {
    try Task.checkCancellation()
    let width = input.shape[2]
    let joined = try projectIn(norm1(input))
    func part(_ index: Int) -> Tensor { joined.sliced(axis: 2, index * width..<(index + 1) * width) }
    let attended =
      if let mask {
        try Tensor.attention(part(0), part(1), part(2), heads: heads, mask: mask)
      } else {
        try Tensor.attention(part(0), part(1), part(2), heads: heads)
      }
    let x = try projectOut(attended, residual: input)
    return try feedOut(feedIn(norm2(x), activation: .gelu), residual: x)
  }
}
