import DiffusionCore

/// A reference picture as the network sees it; encoded once, usable for many sketches.
public struct Reference: Sendable {
  /// The picture's tokens, `[1, tokens, width]`.
  package let tokens: Tensor
  /// The tokens of its background, or of a picture given for it; nil if there was neither mask nor picture.
  package let background: Tensor?
  /// The threshold of its mask.
  package let threshold: Float
  /// Stands for the colorizer that encoded it. Held, so that no other can take its place in memory.
  package let owner: any AnyObject & Sendable

  package init(tokens: Tensor, background: Tensor?, threshold: Float, owner: any AnyObject & Sendable) {
    self.tokens = tokens
    self.background = background
    self.threshold = threshold
    self.owner = owner
  }
}
