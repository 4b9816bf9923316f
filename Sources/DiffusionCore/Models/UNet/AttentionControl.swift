/// How strongly the reference acts in the cross-attentions.
public struct AttentionControl: Sendable, Hashable {
  /// A factor for each transformer block's cross-attention, in module order: down, middle, up.
  public var referenceScales: [Float]
  /// A factor for the foreground's attention in mask modes.
  public var foregroundScale: Float
  /// A factor for the background's attention in mask modes, applied before merging.
  public var backgroundScale: Float
  /// How much of the background's attention is mixed into the foreground's: `fg * (1 - merge) + bg * merge`.
  public var merge: Float

  /// Everything at full strength, nothing merged.
  public init(
    referenceScales: [Float], foregroundScale: Float = 1, backgroundScale: Float = 1, merge: Float = 0
  ) {
    self.referenceScales = referenceScales
    self.foregroundScale = foregroundScale
    self.backgroundScale = backgroundScale
    self.merge = merge
  }

  /// The named groups of the sixteen blocks of the published network, for control by level.
  public enum Level: String, Sendable, CaseIterable, Codable {
    /// The blocks on the way down.
    case encoder
    /// The coarse blocks around the bottom.
    case low
    /// The blocks of middle resolution.
    case middle
    /// The blocks of full resolution.
    case high
    /// The block at the bottom.
    case bottom

    /// The indices of the group's blocks in module order.
    public var blocks: [Int] {
      switch self {
      case .encoder: [0, 1, 2, 3, 4, 5]
      case .low: [4, 5, 7, 8, 9]
      case .middle: [2, 3, 10, 11, 12]
      case .high: [0, 1, 13, 14, 15]
      case .bottom: [6]
      }
    }
  }
}
