// SPDX-License-Identifier: Apache-2.0

/// The size of the denoising U-Net, level by level.
///
/// It can say the U-Nets of Stable Diffusion 1.x, 2.x and XL and those like them: ``sd1``, ``sd2``, ``sdxl``.
public struct UNetConfiguration: Sendable, Hashable {
  /// A level: what has one resolution. Each has half the one's before it.
  public struct Level: Sendable, Hashable {
    /// Its channels as a multiple of ``UNetConfiguration/modelChannels``.
    public var multiplier: Int
    /// Transformer blocks behind each of its residual blocks; 0 for a level without attention.
    public var transformerDepth: Int

    /// A level.
    public init(multiplier: Int, transformerDepth: Int) {
      self.multiplier = multiplier
      self.transformerDepth = transformerDepth
    }
  }

  /// How the channels of an attention are divided among its heads.
  public enum Heads: Sendable, Hashable {
    /// Heads of so many channels each.
    case width(Int)
    /// So many heads at every level.
    case count(Int)

    /// The number of heads of an attention of so many channels.
    public func count(channels: Int) -> Int {
      switch self {
      case .width(let width): channels / width
      case .count(let count): count
      }
    }
  }

  /// Channels of the noisy latent.
  public var inChannels: Int
  /// Channels of the prediction.
  public var outChannels: Int
  /// Channels of the first level.
  public var modelChannels: Int
  /// The levels, finest first.
  public var levels: [Level]
  /// Transformer blocks at the bottom, 1 or more.
  public var middleDepth: Int
  /// Residual blocks of a level on the way down; one more on the way up.
  public var residualBlocks: Int
  /// The heads of every attention.
  public var heads: Heads
  /// Channels of a context token.
  public var contextWidth: Int
  /// Whether the projections into and out of a transformer are linear layers in the checkpoint; else they are 1x1
  /// convolutions. What they compute is the same.
  public var usesLinearProjections: Bool
  /// Channels of an embedding that is added to the timestep's, such as SDXL's of picture sizes and pooled text; nil for
  /// none.
  public var addedEmbeddingWidth: Int?

  /// A U-Net of the given levels.
  public init(
    inChannels: Int, outChannels: Int, modelChannels: Int, levels: [Level], middleDepth: Int, residualBlocks: Int,
    heads: Heads, contextWidth: Int, usesLinearProjections: Bool = false, addedEmbeddingWidth: Int? = nil
  ) {
    self.inChannels = inChannels
    self.outChannels = outChannels
    self.modelChannels = modelChannels
    self.levels = levels
    self.middleDepth = middleDepth
    self.residualBlocks = residualBlocks
    self.heads = heads
    self.contextWidth = contextWidth
    self.usesLinearProjections = usesLinearProjections
    self.addedEmbeddingWidth = addedEmbeddingWidth
  }

  /// A U-Net with one transformer block wherever there is attention.
  ///
  /// - Parameters:
  ///   - channelMultipliers: each level's.
  ///   - attentionResolutions: the downsampling factors at which there is attention; others than those of levels do
  ///     not count.
  ///   - headWidth: channels of an attention head.
  public init(
    inChannels: Int, outChannels: Int, modelChannels: Int, channelMultipliers: [Int], residualBlocks: Int,
    attentionResolutions: [Int], headWidth: Int, contextWidth: Int
  ) {
    self.init(
      inChannels: inChannels, outChannels: outChannels, modelChannels: modelChannels,
      levels: channelMultipliers.enumerated().map { level, multiplier in
        Level(multiplier: multiplier, transformerDepth: attentionResolutions.contains(1 << min(level, 62)) ? 1 : 0)
      },
      middleDepth: 1, residualBlocks: residualBlocks, heads: .width(headWidth), contextWidth: contextWidth)
  }

  /// Each level's channels as multiples of ``modelChannels``.
  public var channelMultipliers: [Int] { levels.map(\.multiplier) }

  /// The downsampling factors at which there is attention.
  public var attentionResolutions: [Int] {
    levels.indices.filter { levels[$0].transformerDepth > 0 }.map { 1 << min($0, 62) }
  }

  /// A place where transformer blocks stand one behind another.
  package struct Transformer: Sendable, Hashable {
    package enum Side: Sendable, Hashable { case down, middle, up }
    package let side: Side
    package let level: Int
    /// The numbers of its blocks in module order.
    package let blocks: Range<Int>
  }

  /// The transformers in module order: on the way down, at the bottom, on the way up.
  package var transformers: [Transformer] {
    let down = levels.indices.flatMap { [Int](repeating: $0, count: max(0, residualBlocks)) }
    let up = levels.indices.reversed().flatMap { [Int](repeating: $0, count: max(0, residualBlocks + 1)) }
    var first = 0
    func transformer(_ side: Transformer.Side, _ level: Int, _ depth: Int) -> Transformer? {
      guard depth > 0 else { return nil }
      defer { first += depth }
      return Transformer(side: side, level: level, blocks: first..<first + depth)
    }
    return down.compactMap { transformer(.down, $0, levels[$0].transformerDepth) }
      + [transformer(.middle, levels.count - 1, middleDepth)].compactMap { $0 }
      + up.compactMap { transformer(.up, $0, levels[$0].transformerDepth) }
  }

  /// How many transformer blocks there are, each with a cross-attention: those on the way down, those at the bottom,
  /// those on the way up.
  public var transformerBlockCount: Int { transformers.last?.blocks.upperBound ?? 0 }
}

extension UNetConfiguration {
  /// Stable Diffusion 1.x.
  public static let sd1 = UNetConfiguration(
    inChannels: 4, outChannels: 4, modelChannels: 320, levels: levels([(1, 1), (2, 1), (4, 1), (4, 0)]), middleDepth: 1,
    residualBlocks: 2, heads: .count(8), contextWidth: 768)

  /// Stable Diffusion 2.x.
  public static let sd2 = UNetConfiguration(
    inChannels: 4, outChannels: 4, modelChannels: 320, levels: levels([(1, 1), (2, 1), (4, 1), (4, 0)]), middleDepth: 1,
    residualBlocks: 2, heads: .width(64), contextWidth: 1024, usesLinearProjections: true)

  /// The base model of Stable Diffusion XL.
  public static let sdxl = UNetConfiguration(
    inChannels: 4, outChannels: 4, modelChannels: 320, levels: levels([(1, 0), (2, 2), (4, 10)]), middleDepth: 10,
    residualBlocks: 2, heads: .width(64), contextWidth: 2048, usesLinearProjections: true, addedEmbeddingWidth: 2816)

  /// The refiner of Stable Diffusion XL.
  public static let sdxlRefiner = UNetConfiguration(
    inChannels: 4, outChannels: 4, modelChannels: 384, levels: levels([(1, 0), (2, 4), (4, 4), (4, 0)]), middleDepth: 4,
    residualBlocks: 2, heads: .width(64), contextWidth: 1280, usesLinearProjections: true, addedEmbeddingWidth: 2560)

  private static func levels(_ levels: [(Int, Int)]) -> [Level] {
    levels.map { Level(multiplier: $0.0, transformerDepth: $0.1) }
  }
}
