/// Attention over the pixels of a level: self-attention, cross-attention to the reference, gated feed-forward.
package struct SpatialTransformer: Sendable {
  /// `norm`
  let norm: GroupNorm
  /// `proj_in`, a 1x1 convolution
  let projectIn: Linear
  /// `transformer_blocks.0`
  package let block: TransformerBlock
  /// `proj_out`, a 1x1 convolution
  let projectOut: Linear
  /// The level of the U-Net it stands on; 0 is the finest.
  let level: Int

  package init(
    _ p: Parameters, channels: Int, level: Int, unet: UNetConfiguration, lora: LoRAConfiguration?, groups: Int
  ) throws {
    norm = try GroupNorm(p["norm"], channels: channels, groups: groups, epsilon: 1e-6)
    projectIn = try Linear(pointwise: p["proj_in"], inputs: channels, outputs: channels)
    block = try TransformerBlock(p["transformer_blocks"][0], channels: channels, unet: unet, lora: lora)
    projectOut = try Linear(pointwise: p["proj_out"], inputs: channels, outputs: channels)
    self.level = level
  }

  package func callAsFunction(_ x: Tensor, _ conditions: AttentionConditions) throws -> Tensor {
    try Task.checkCancellation()
    let tokens: Shape = [x.shape[0], x.shape[1] * x.shape[2], x.shape[3]]
    let h = try block(projectIn(norm(x).reshaped(tokens)), level: level, conditions)
    return try projectOut(h, residual: x.reshaped(tokens)).reshaped(x.shape)
  }
}

/// What a transformer block needs besides its input. `index` counts the blocks as they run.
package final class AttentionConditions {
  let context: PreparedContext
  let control: AttentionControl
  private var index = 0

  package init(context: PreparedContext, control: AttentionControl) {
    self.context = context
    self.control = control
  }

  /// The number of the transformer block that asks, in module order.
  func nextBlock() -> Int {
    defer { index += 1 }
    return index
  }
}

/// `x += attn1(norm1(x)); x += attn2(norm2(x), reference); x += ff(norm3(x))`.
package struct TransformerBlock: Sendable {
  /// `norm1`, `norm2`, `norm3`
  let norms: [LayerNorm]
  /// `attn1`
  let selfAttention: Attention
  /// `attn2`
  package let crossAttention: CrossAttention
  /// `ff.net.0.proj`, `[8 C, C]`: value and gate
  let gate: Linear
  /// `ff.net.2`, `[C, 4 C]`
  let feedOut: Linear

  init(_ p: Parameters, channels: Int, unet: UNetConfiguration, lora: LoRAConfiguration?) throws {
    norms = try (1...3).map { try LayerNorm(p["norm\($0)"], channels: channels) }
    selfAttention = try Attention(p["attn1"], channels: channels, heads: channels / unet.headWidth)
    crossAttention = try CrossAttention(
      p["attn2"], channels: channels, contextWidth: unet.contextWidth, headWidth: unet.headWidth, lora: lora)
    gate = try Linear(p["ff"]["net"][0]["proj"], inputs: channels, outputs: 8 * channels)
    feedOut = try Linear(p["ff"]["net"][2], inputs: 4 * channels, outputs: channels)
  }

  func callAsFunction(_ input: Tensor, level: Int, _ conditions: AttentionConditions) throws -> Tensor {
    var x = try selfAttention(norms[0](input), residual: input)
    x = try crossAttend(x, level: level, conditions)
    let normed = try norms[2](x)
    guard let bias = gate.bias else { preconditionFailure("the gate has a bias") }
    return try feedOut(normed.gatedLinear(weight: gate.weight, bias: bias), residual: x)
  }

  private func crossAttend(_ x: Tensor, level: Int, _ conditions: AttentionConditions) throws -> Tensor {
    let (context, block) = (conditions.context, conditions.nextBlock())
    let (active, rows) = (context.activeRows, x.shape[0])
    guard active > 0 else { return try crossAttention.addingZeroContext(to: x) }
    let seeing = x.sliced(axis: 0, 0..<active)
    let attended = try crossAttention(
      norms[1](seeing), context: context.blocks[block], mask: context.masks.isEmpty ? nil : context.masks[level],
      regions: context.regions.isEmpty ? nil : context.regions[level],
      scale: conditions.control.referenceScales[block], control: conditions.control, residual: seeing)
    if active == rows { return attended }
    let blind = try crossAttention.addingZeroContext(to: x.sliced(axis: 0, active..<rows))
    return try Tensor.concatenate([attended, blind], axis: 0)
  }
}
