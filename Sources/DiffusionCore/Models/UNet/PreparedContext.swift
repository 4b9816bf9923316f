// SPDX-License-Identifier: Apache-2.0

/// The reference as the U-Net sees it: tokens of the image encoder, whole or split into two halves.
public struct ReferenceContext: Sendable {
  /// The tokens.
  public enum Tokens: Sendable {
    /// One context for the whole picture, `[B, M, C]`.
    case whole(Tensor)
    /// One for each region of the sketch, each `[B, M, C]`.
    case split(foreground: Tensor, background: Tensor)
  }

  /// The tokens, whole or split.
  public let tokens: Tokens
  /// Whether the foreground's low-rank branch is active; only with a split context.
  public let useForegroundLoRA: Bool
  /// Whether the background's low-rank branch is active; only with a split context.
  public let useBackgroundLoRA: Bool
  /// The sketch's foreground mask at latent size, soft, `[B or 1, h, w, 1]`; nil with a whole context.
  public let mask: Tensor?
  /// Mask values above it are foreground; a tie is background. One for all rows, or one for each.
  public let maskThresholds: [Float]
  /// The tokens of further areas of the picture, each split if the first one's are; see ``init(areas:labels:)``.
  public private(set) var furtherAreas: [Tokens] = []
  /// Which area every place of the picture belongs to; nil where there is one.
  public private(set) var labels: AreaLabels?

  /// One context for the whole picture.
  public init(whole tokens: Tensor) {
    self.tokens = .whole(tokens)
    self.useForegroundLoRA = false
    self.useBackgroundLoRA = false
    self.mask = nil
    self.maskThresholds = [0]
  }

  /// A context for each region of the sketch.
  public init(
    foreground: Tensor, background: Tensor, mask: Tensor, maskThreshold: Float, useForegroundLoRA: Bool,
    useBackgroundLoRA: Bool
  ) {
    self.init(
      foreground: foreground, background: background, mask: mask, maskThresholds: [maskThreshold],
      useForegroundLoRA: useForegroundLoRA, useBackgroundLoRA: useBackgroundLoRA)
  }

  /// The same with a threshold of its own for each row, as a batch in training has them.
  ///
  /// - Parameter maskThresholds: one for each row of the tokens; the mask has as many rows.
  public init(
    foreground: Tensor, background: Tensor, mask: Tensor, maskThresholds: [Float], useForegroundLoRA: Bool,
    useBackgroundLoRA: Bool
  ) {
    precondition(
      maskThresholds.count == 1 || maskThresholds.count == mask.shape[0],
      "\(maskThresholds.count) thresholds for masks \(mask.shape)")
    self.tokens = .split(foreground: foreground, background: background)
    self.mask = mask
    self.maskThresholds = maskThresholds
    self.useForegroundLoRA = useForegroundLoRA
    self.useBackgroundLoRA = useBackgroundLoRA
  }

  /// A context for each area of the picture, whose tokens attend to it alone: the split of the paper for any number of
  /// parts. Where they are split, foreground and background of each area are told apart as without areas, by the first
  /// one's mask and branches.
  ///
  /// - Parameters:
  ///   - areas: at least one; all whole, or all split with the same mask for all rows.
  ///   - labels: with numbers below the number of areas.
  public init(areas: [ReferenceContext], labels: AreaLabels) {
    precondition(labels.areaCount == areas.count, "\(labels.areaCount) areas, and \(areas.count) contexts")
    precondition(areas.allSatisfy { ($0.mask == nil) == (areas[0].mask == nil) }, "whole and split contexts")
    self = areas[0]
    furtherAreas = areas.dropFirst().map(\.tokens)
    self.labels = labels
  }
}

/// What of the conditions stays the same from step to step, made once: keys and values of every cross-attention, and
/// the mask at every level.
public struct PreparedContext: Sendable {
  /// How many rows of the batch see the reference, the first ones; the others see a context of zeros.
  let activeRows: Int
  /// A context for each transformer block, in module order. Empty if no row sees the reference.
  let blocks: [BlockContext]
  /// The binary mask of the tokens at each level, `[activeRows, N, 1]`. Empty without a mask.
  let masks: [Tensor]
  /// The tokens of each region at each level; nil where the mask differs from row to row. Empty without a mask and areas.
  let regions: [TokenRegions?]
  /// The tokens of each area at each level; empty where there is one.
  let areas: [TokenRegions]

  /// What was made elsewhere.
  package init(
    activeRows: Int, blocks: [BlockContext], masks: [Tensor], regions: [TokenRegions?], areas: [TokenRegions] = []
  ) {
    self.activeRows = activeRows
    self.blocks = blocks
    self.masks = masks
    self.regions = regions
    self.areas = areas
  }

  /// What all of a picture would see in the first row, if it were of one area.
  func wholly(of area: Int) throws -> PreparedContext {
    let first = sliced(0..<1)
    guard !areas.isEmpty else { return first }
    return PreparedContext(
      activeRows: 1, blocks: first.blocks.map { $0.only(area) }, masks: first.masks,
      regions: try first.masks.map { try TokenRegions(mask: $0) })
  }

  /// No row sees a reference.
  public static let none = PreparedContext(activeRows: 0, blocks: [], masks: [], regions: [])

  /// Those of some of the rows that see the reference.
  func sliced(_ rows: Range<Int>) -> PreparedContext {
    if rows == 0..<activeRows { return self }
    return PreparedContext(
      activeRows: rows.count, blocks: blocks.map { $0.sliced(rows) }, masks: masks.map { $0.sliced(axis: 0, rows) },
      regions: regions, areas: areas)
  }
}

extension UNet {
  /// Makes what stays the same from step to step.
  ///
  /// - Parameter repeats: how many guidance branches see the reference; their rows come first in the batch.
  public func prepare(_ context: ReferenceContext, repeats: Int = 1) throws -> PreparedContext {
    let batch =
      switch context.tokens {
      case .whole(let tokens): tokens.shape[0]
      case .split(let tokens, _): tokens.shape[0]
      }
    var masks: [Tensor] = []
    if let mask = context.mask {
      for level in configuration.channelMultipliers.indices {
        // PyTorch's `interpolate(scale_factor: 1 / 2^level)` from the full mask, not from the level before.
        let resized = try mask.resizedBicubic(factor: 1 << level)
        let binary = try resized > context.maskThresholds
        let tokens = try binary.reshaped([mask.shape[0], binary.shape[1] * binary.shape[2], 1])
        let rows = tokens.broadcast(to: [batch, tokens.shape[1], 1])
        masks.append(try Tensor.concatenate([Tensor](repeating: rows, count: repeats), axis: 0))
      }
    }
    let regions =
      try context.labels.map { try self.regions($0, masks: masks) } ?? masks.map { try TokenRegions(mask: $0) }
    let areas = context.labels.map { labels in
      configuration.channelMultipliers.indices.map { level in
        TokenRegions(labels: labels.majority(scale: level), count: labels.areaCount)
      }
    }
    return PreparedContext(
      activeRows: batch * repeats, blocks: try crossAttentions.map { try $0.prepare(context, repeats: repeats) },
      masks: masks, regions: regions, areas: areas ?? [])
  }

  /// The tokens of each area at each level; with masks, those of its foreground, then those of its background.
  private func regions(_ labels: AreaLabels, masks: [Tensor]) throws -> [TokenRegions?] {
    try configuration.channelMultipliers.indices.map { level in
      let areas = labels.majority(scale: level)
      guard !masks.isEmpty else { return TokenRegions(labels: areas, count: labels.areaCount) }
      guard let isForeground = try TokenRegions.foreground(of: masks[level]) else {
        preconditionFailure("areas with masks that differ from row to row")
      }
      return TokenRegions(
        labels: zip(areas, isForeground).map { $0 * 2 + ($1 ? 0 : 1) }, count: 2 * labels.areaCount)
    }
  }
}

extension Tensor {
  /// 1 where an element is above the threshold of its row, else 0.
  ///
  /// - Parameter thresholds: one for all rows, or one for each.
  fileprivate static func > (x: Tensor, thresholds: [Float]) throws -> Tensor {
    if thresholds.count == 1 { return try x > thresholds[0] }
    let shape = Shape([thresholds.count] + [Int](repeating: 1, count: x.shape.rank - 1))
    let limits = try Tensor(thresholds, shape: shape, on: x.backend).broadcast(to: x.shape)
    let out = try Tensor(uninitialized: x.shape, on: x.backend)
    try x.backend.binary(.greater, x.operand, limits.operand, to: out.operand)
    return out
  }
}
