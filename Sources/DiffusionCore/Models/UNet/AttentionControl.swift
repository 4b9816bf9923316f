// SPDX-License-Identifier: Apache-2.0

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

  /// The named groups of transformer blocks, for control by level.
  public enum Level: String, Sendable, CaseIterable, Codable {
    /// The blocks on the way down.
    case encoder
    /// The blocks of a quarter of the full resolution and below.
    case low
    /// The blocks of half the full resolution.
    case middle
    /// The blocks of full resolution.
    case high
    /// The block at the bottom.
    case bottom

    /// The indices of the group's blocks in module order: down, middle, up.
    ///
    /// In the published network these are the groups of its application; in one of other sizes, the blocks of the
    /// same role.
    public func blocks(of unet: UNetConfiguration) -> [Int] {
      let transformers = unet.transformers.filter { place in
        switch self {
        case .encoder: place.side == .down
        case .high: place.side != .middle && place.level == 0
        case .middle: place.side != .middle && place.level == 1
        case .low: place.side != .middle && place.level >= 2
        case .bottom: place.side == .middle
        }
      }
      return transformers.flatMap(\.blocks)
    }
  }
}
