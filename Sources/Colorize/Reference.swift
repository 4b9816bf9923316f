// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A reference picture as the network sees it; encoded once, usable for many sketches.
public struct Reference: Sendable {
  /// The picture's tokens, `[1, tokens, width]`.
  package let tokens: Tensor
  /// The token of the picture as a whole, `[1, 1, width]`.
  let classToken: Tensor?
  /// The tokens of its background, or of a picture given for it; nil if there was neither mask nor picture.
  package let background: Tensor?
  /// The threshold of its mask.
  package let threshold: Float
  /// The picture and the mask that flats take their colours from, and the background's picture.
  let picture: Image
  let mask: Mask?
  let backgroundPicture: Image?
  /// The picture as drawings are aligned with it.
  let target: AlignmentTarget
  /// What the picture looks like.
  let look: ReferenceLook
  /// Stands for the colorizer that encoded it. Held, so that no other can take its place in memory.
  package let owner: any AnyObject & Sendable

  init(
    tokens: Tensor, classToken: Tensor?, background: Tensor?, threshold: Float, picture: Image, mask: Mask?,
    backgroundPicture: Image?,
    owner: any AnyObject & Sendable
  ) {
    self.tokens = tokens
    self.classToken = classToken
    self.background = background
    self.threshold = threshold
    self.picture = picture
    target = AlignmentTarget(picture)
    look = ReferenceLook(picture)
    self.mask = mask
    self.backgroundPicture = backgroundPicture
    self.owner = owner
  }
}
