// SPDX-License-Identifier: Apache-2.0

/// The context of one cross-attention, with keys and values made once for all steps.
package struct BlockContext: Sendable {
  struct KeysAndValues: Sendable {
    /// `[rows, M, C]`
    let keys: Tensor
    /// `[rows, M, C]`
    let values: Tensor

    func sliced(_ rows: Range<Int>) -> KeysAndValues {
      KeysAndValues(keys: keys.sliced(axis: 0, rows), values: values.sliced(axis: 0, rows))
    }
  }

  enum Content: Sendable {
    /// Every query attends to all tokens.
    case whole(KeysAndValues)
    /// Queries of the foreground attend to the first, those of the background to the second.
    case split(foreground: KeysAndValues, background: KeysAndValues)
  }

  let content: Content
  /// Those of further areas of the picture, see ``ReferenceContext/init(areas:labels:)``.
  let further: [Content]
  /// Which branches are active in mask modes; without a mask none is.
  let useForegroundLoRA: Bool
  let useBackgroundLoRA: Bool

  /// The same for one area of the picture.
  func only(_ area: Int) -> BlockContext {
    BlockContext(
      content: area == 0 ? content : further[area - 1], further: [], useForegroundLoRA: useForegroundLoRA,
      useBackgroundLoRA: useBackgroundLoRA)
  }

  /// The same for some of the rows.
  func sliced(_ rows: Range<Int>) -> BlockContext {
    func part(_ content: Content) -> Content {
      switch content {
      case .whole(let tokens): .whole(tokens.sliced(rows))
      case .split(let foreground, let background):
        .split(foreground: foreground.sliced(rows), background: background.sliced(rows))
      }
    }
    return BlockContext(
      content: part(content), further: further.map(part), useForegroundLoRA: useForegroundLoRA,
      useBackgroundLoRA: useBackgroundLoRA)
  }
}

/// The U-Net's cross-attention to the reference, `attn2`, with the split of the paper.
///
/// With a mask the context has two halves. Queries, keys and values of each half go through that half's own low-rank
/// branches, and each token of the sketch takes the result of its own region: colours of one region cannot leak into
/// the other.
package struct CrossAttention: Sendable {
  /// `to_q`
  package let query: SplitLoRALinear
  /// `to_k`
  package let key: SplitLoRALinear
  /// `to_v`
  package let value: SplitLoRALinear
  /// `to_out.0`
  package let output: Linear
  let heads: Int

  package init(_ p: Parameters, channels: Int, contextWidth: Int, heads: Int, lora: LoRAConfiguration?) throws {
    query = try SplitLoRALinear(p["to_q"], inputs: channels, outputs: channels, lora: lora)
    key = try SplitLoRALinear(p["to_k"], inputs: contextWidth, outputs: channels, lora: lora)
    value = try SplitLoRALinear(p["to_v"], inputs: contextWidth, outputs: channels, lora: lora)
    output = try Linear(p["to_out"][0], inputs: channels, outputs: channels)
    self.heads = heads
  }

  /// Keys and values of a context, repeated for each guidance branch that has it.
  package func prepare(_ context: ReferenceContext, repeats: Int) throws -> BlockContext {
    func project(_ tokens: Tensor, _ branch: LoRABranch?) throws -> BlockContext.KeysAndValues {
      func repeated(_ x: Tensor) throws -> Tensor {
        try Tensor.concatenate([Tensor](repeating: x, count: repeats), axis: 0)
      }
      return BlockContext.KeysAndValues(
        keys: try repeated(key(tokens, branch: branch)), values: try repeated(value(tokens, branch: branch)))
    }
    func content(_ tokens: ReferenceContext.Tokens) throws -> BlockContext.Content {
      switch tokens {
      case .whole(let tokens): .whole(try project(tokens, nil))
      case .split(let foreground, let background):
        .split(
          foreground: try project(foreground, context.useForegroundLoRA ? .foreground : nil),
          background: try project(background, context.useBackgroundLoRA ? .background : nil))
      }
    }
    return BlockContext(
      content: try content(context.tokens), further: try context.furtherAreas.map(content),
      useForegroundLoRA: context.useForegroundLoRA, useBackgroundLoRA: context.useBackgroundLoRA)
  }

  /// Adds the attention to the residual.
  ///
  /// - Parameters:
  ///   - x: normed tokens `[rows, N, C]`.
  ///   - mask: 1 for foreground tokens, 0 for background `[rows, N, 1]`; needed with a split context.
  ///   - regions: the same for all rows, where it is the same.
  ///   - residual: `[rows, N, C]`.
  package func callAsFunction(
    _ x: Tensor, context: BlockContext, mask: Tensor?, regions: TokenRegions?, scale: Float, control: AttentionControl,
    residual: Tensor
  ) throws -> Tensor {
    if !context.further.isEmpty {
      guard let regions else { preconditionFailure("areas without their tokens") }
      return try attend(x, by: regions, to: context, scale: scale, control: control, residual: residual)
    }
    switch context.content {
    case .whole(let tokens):
      return try output(attend(x, query.base(x), tokens, nil, scale), residual: residual)
    case .split(let foreground, let background):
      guard let mask else { preconditionFailure("a split context without a mask") }
      func front(_ x: Tensor, base: Tensor) throws -> Tensor {
        try attend(
          x, base, foreground, context.useForegroundLoRA ? .foreground : nil, scale * control.foregroundScale)
      }
      func behind(_ x: Tensor, base: Tensor) throws -> Tensor {
        try attend(
          x, base, background, context.useBackgroundLoRA ? .background : nil, scale * control.backgroundScale)
      }
      if let regions, control.merge == 0 {
        // Nothing of the other region's answer is used: each half is asked for its own tokens only.
        var parts: [Tensor] = []
        if let taps = regions.foreground {
          let tokens = try x.resampled(axis: 1, taps: taps)
          parts.append(try front(tokens, base: query.base(tokens)))
        }
        if let taps = regions.background {
          let tokens = try x.resampled(axis: 1, taps: taps)
          parts.append(try behind(tokens, base: query.base(tokens)))
        }
        let attended = parts.count == 1 ? parts[0] : try Tensor.concatenate(parts, axis: 1)
        return try output(attended.resampled(axis: 1, taps: regions.restoring), residual: residual)
      }
      let base = try query.base(x)
      let back = try behind(x, base: base)
      var fore = try front(x, base: base)
      if control.merge != 0 { fore = try fore * (1 - control.merge) + back * control.merge }
      return try output(Tensor.select(mask, fore, back), residual: residual)
    }
  }

  /// Each area's tokens attend to its own context, and those of a split one to their own side of it.
  ///
  /// Every query is computed once and meets the keys of its own part only: the work is that of one context, whatever the
  /// number of areas.
  private func attend(
    _ x: Tensor, by regions: TokenRegions, to context: BlockContext, scale: Float, control: AttentionControl,
    residual: Tensor
  ) throws -> Tensor {
    let front: LoRABranch? = context.useForegroundLoRA ? .foreground : nil
    let behind: LoRABranch? = context.useBackgroundLoRA ? .background : nil
    var parts: [Tensor] = []
    /// Adds what a part's tokens find, if it has any.
    func add(part: Int, _ find: (_ tokens: Tensor, _ base: Tensor) throws -> Tensor) throws {
      guard let taps = regions.parts[part] else { return }
      let tokens = try x.resampled(axis: 1, taps: taps)
      parts.append(try find(tokens, query.base(tokens)))
    }
    for (area, content) in ([context.content] + context.further).enumerated() {
      switch content {
      case .whole(let keys): try add(part: area) { try attend($0, $1, keys, nil, scale) }
      case .split(let foreground, let background):
        try add(part: 2 * area) { tokens, base in
          let fore = try attend(tokens, base, foreground, front, scale * control.foregroundScale)
          guard control.merge != 0 else { return fore }
          let back = try attend(tokens, base, background, behind, scale * control.backgroundScale)
          return try fore * (1 - control.merge) + back * control.merge
        }
        try add(part: 2 * area + 1) { try attend($0, $1, background, behind, scale * control.backgroundScale) }
      }
    }
    let attended = parts.count == 1 ? parts[0] : try Tensor.concatenate(parts, axis: 1)
    return try output(attended.resampled(axis: 1, taps: regions.restoring), residual: residual)
  }

  /// What queries with a branch active find in one half of the context.
  private func attend(
    _ x: Tensor, _ base: Tensor, _ half: BlockContext.KeysAndValues, _ branch: LoRABranch?, _ strength: Float
  ) throws -> Tensor {
    let q = try query.adding(branch, of: x, to: base)
    let attended = try Tensor.attention(q, half.keys, half.values, heads: heads)
    return strength == 1 ? attended : try attended * strength
  }

  /// What attention to a context of zeros adds: keys and values are zero, so the bias of `to_out` is all that is left.
  func addingZeroContext(to residual: Tensor) throws -> Tensor {
    guard let bias = output.bias else { return residual }
    return try residual + bias
  }
}
