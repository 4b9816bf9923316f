// SPDX-License-Identifier: Apache-2.0

/// Attention over the pixels of a level: self-attention, cross-attention to the reference, gated feed-forward.
package struct SpatialTransformer: Sendable {
  /// `norm`
  let norm: GroupNorm
  /// `proj_in`
  let projectIn: Linear
  /// `transformer_blocks`
  package let blocks: [TransformerBlock]
  /// `proj_out`
  let projectOut: Linear
  /// The level of the U-Net it stands on; 0 is the finest.
  let level: Int

  /// - Parameter numbers: those of its blocks in module order, as many as it has blocks.
  package init(
    _ p: Parameters, channels: Int, level: Int, numbers: Range<Int>, unet: UNetConfiguration, lora: LoRAConfiguration?,
    groups: Int
  ) throws {
    func projection(_ p: Parameters) throws -> Linear {
      unet.usesLinearProjections
        ? try Linear(p, inputs: channels, outputs: channels)
        : try Linear(pointwise: p, inputs: channels, outputs: channels)
    }
    norm = try GroupNorm(p["norm"], channels: channels, groups: groups, epsilon: 1e-6)
    projectIn = try projection(p["proj_in"])
    blocks = try numbers.enumerated().map { index, number in
      try TransformerBlock(p["transformer_blocks"][index], channels: channels, number: number, unet: unet, lora: lora)
    }
    projectOut = try projection(p["proj_out"])
    self.level = level
  }

  package func callAsFunction(_ x: Tensor, _ conditions: AttentionConditions) throws -> Tensor {
    try Task.checkCancellation()
    let tokens: Shape = [x.shape[0], x.shape[1] * x.shape[2], x.shape[3]]
    var h = try projectIn(norm(x).reshaped(tokens))
    for (index, block) in blocks.enumerated() {
      // Ten blocks one behind another take a second or so.
      if index > 0 { try Task.checkCancellation() }
      h = try block(h, level: level, conditions)
    }
    return try projectOut(h, residual: x.reshaped(tokens)).reshaped(x.shape)
  }
}

/// What a transformer block needs besides its input.
package struct AttentionConditions: Sendable {
  let context: PreparedContext
  let control: AttentionControl
  let injection: Injection

  package init(context: PreparedContext, control: AttentionControl, injection: Injection = .none) {
    self.context = context
    self.control = control
    self.injection = injection
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
  /// Its number among the U-Net's blocks, in module order: where its context and its strength stand.
  package let number: Int

  init(_ p: Parameters, channels: Int, number: Int, unet: UNetConfiguration, lora: LoRAConfiguration?) throws {
    self.number = number
    let heads = unet.heads.count(channels: channels)
    norms = try (1...3).map { try LayerNorm(p["norm\($0)"], channels: channels) }
    selfAttention = try Attention(p["attn1"], channels: channels, heads: heads)
    crossAttention = try CrossAttention(
      p["attn2"], channels: channels, contextWidth: unet.contextWidth, heads: heads, lora: lora)
    gate = try Linear(p["ff"]["net"][0]["proj"], inputs: channels, outputs: 8 * channels)
    feedOut = try Linear(p["ff"]["net"][2], inputs: 4 * channels, outputs: channels)
  }

  func callAsFunction(_ input: Tensor, level: Int, _ conditions: AttentionConditions) throws -> Tensor {
    var x = try selfAttend(input, level: level, conditions.injection)
    if case .writing(let bank) = conditions.injection, bank.isLast(number) { return x }
    x = try crossAttend(x, level: level, conditions)
    let normed = try norms[2](x)
    guard let bias = gate.bias else { preconditionFailure("the gate has a bias") }
    return try feedOut(normed.gatedLinear(weight: gate.weight, bias: bias), residual: x)
  }

  private func selfAttend(_ input: Tensor, level: Int, _ injection: Injection) throws -> Tensor {
    let normed = try norms[0](input)
    return switch injection {
    case .none: try selfAttention(normed, residual: input)
    case .writing(let bank): try selfAttention(normed, keeping: bank, block: number, residual: input)
    case .reading(let rows, let areas):
      try selfAttention(
        normed, injecting: rows, areas: areas.isEmpty ? nil : areas[level], block: number, residual: input)
    }
  }

  private func crossAttend(_ x: Tensor, level: Int, _ conditions: AttentionConditions) throws -> Tensor {
    let context = conditions.context
    let (active, rows) = (context.activeRows, x.shape[0])
    guard active > 0 else { return try crossAttention.addingZeroContext(to: x) }
    let seeing = x.sliced(axis: 0, 0..<active)
    let attended = try crossAttention(
      norms[1](seeing), context: context.blocks[number], mask: context.masks.isEmpty ? nil : context.masks[level],
      regions: context.regions.isEmpty ? nil : context.regions[level],
      scale: conditions.control.referenceScales[number], control: conditions.control, residual: seeing)
    if active == rows { return attended }
    let blind = try crossAttention.addingZeroContext(to: x.sliced(axis: 0, active..<rows))
    return try Tensor.concatenate([attended, blind], axis: 0)
  }
}
