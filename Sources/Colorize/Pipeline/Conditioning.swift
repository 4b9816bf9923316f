// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// Turns pictures into what the U-Net is conditioned on.
package struct Conditioning: Sendable {
  package let parts: NetworkParts
  package let backend: any Backend
  /// The embeddings of a request's texts.
  let texts: TextEncoding
  package var configuration: ModelConfiguration { parts.configuration }

  /// - Parameter vocabulary: that of the text tower; nil for CLIP's.
  package init(parts: NetworkParts, backend: any Backend, vocabulary: String? = nil) {
    self.parts = parts
    self.backend = backend
    texts = TextEncoding(parts: parts, vocabulary: vocabulary)
  }

  package init(network: ColorizationNetwork, backend: any Backend) {
    self.init(parts: NetworkParts(network), backend: backend)
  }

  /// A reference, and its background where there is a mask or a picture for it.
  func encode(
    _ image: Image, mask: Mask?, background: Image?, threshold: Float, from source: some PixelSource
  ) throws -> EncodedReference {
    let picture = try source.pixels(of: image)
    let seen = try parts.imageEncoder().encoded(picture)
    var encoded = EncodedReference(
      tokens: try seen.tokens.contiguous(), classToken: try seen.classToken.contiguous())
    try Task.checkCancellation()
    if let background {
      encoded.background = try givenBackground(source.pixels(of: background), threshold: threshold)
    } else if let mask {
      encoded.background = try recoveredBackground(
        of: picture, mask: source.plane(of: mask, for: image), threshold: threshold)
    }
    return encoded
  }

  /// The tokens of a picture `[1, H, W, 3]` in -1...1.
  package func tokens(_ image: Tensor) throws -> Tensor { try parts.imageEncoder()(image).contiguous() }

  /// The tokens of the reference's background: white where the mask says figure, the threshold told, then recovered.
  ///
  /// - Parameters:
  ///   - image: `[1, H, W, 3]` in -1...1.
  ///   - mask: `[1, H, W, 1]` in 0...1.
  package func recoveredBackground(of image: Tensor, mask: Tensor, threshold: Float) throws -> Tensor {
    guard let split = try parts.split() else { throw missingSplit(.background) }
    // Kept where mask < threshold, so figure is threshold - mask <= 0; ties are figure.
    let kept = try mask.affine(scale: -1, offset: threshold)
    let cut = try Tensor.select(kept, image, Tensor(repeating: 1, shape: [], on: backend))
    return try split.background(cutOut: tokens(cut), thresholds: [threshold])
  }

  /// The background of a reference that has neither mask nor picture for it, and is background as a whole.
  ///
  /// - Parameter tokens: the reference's own.
  package func wholeBackground(_ tokens: Tensor, threshold: Float) throws -> Tensor {
    guard let split = try parts.split() else { throw missingSplit(.background) }
    return try split.telling([threshold], to: tokens)
  }

  /// The tokens of a picture given for the background; it is whole, so nothing is recovered.
  package func givenBackground(_ image: Tensor, threshold: Float) throws -> Tensor {
    guard let split = try parts.split() else { throw missingSplit(.background) }
    return try split.telling([threshold], to: tokens(image))
  }

  /// The context of a mode for the areas of a sketch, of which each takes its colours from its own references.
  ///
  /// - Parameters:
  ///   - areas: the references of each area.
  ///   - labels: the area of each place; nil where there is one.
  package func context(
    mode: InferenceMode, layout: ContextLayout, areas: [[EncodedReference]], labels: AreaLabels?, mask: Tensor?,
    sketchThreshold: Float, batch: Int
  ) throws -> ReferenceContext {
    let contexts = try areas.map {
      try context(
        mode: mode, layout: layout, references: $0, mask: mask, sketchThreshold: sketchThreshold, batch: batch)
    }
    guard let labels else { return contexts[0] }
    return ReferenceContext(areas: contexts, labels: labels)
  }

  /// The context of a mode.
  ///
  /// - Parameters:
  ///   - references: what the sketch takes its colours from, at least one: of several, the tokens stand beside one another.
  ///   - mask: the sketch's at latent size, soft, `[1, h, w, 1]`, where the mode needs it.
  package func context(
    mode: InferenceMode, layout: ContextLayout, references: [EncodedReference], mask: Tensor?, sketchThreshold: Float,
    batch: Int
  ) throws -> ReferenceContext {
    precondition(!references.isEmpty, "a context of no reference")
    func joined(_ parts: [Tensor]) throws -> Tensor {
      parts.count == 1 ? parts[0] : try Tensor.concatenate(parts, axis: 1)
    }
    let tokens = try joined(references.map(\.tokens))
    let backgrounds = references.compactMap(\.background)
    let background = backgrounds.isEmpty ? nil : try joined(backgrounds)
    func rows(_ x: Tensor) -> Tensor { x.broadcast(to: x.shape.replacing(axis: 0, with: batch)) }
    guard mode != .vanilla else { return ReferenceContext(whole: try rows(tokens).contiguous()) }
    guard let split = try parts.split() else { throw missingSplit(mode) }
    guard let mask else { throw ColorizeError.missingInput(.sketchMask, mode: mode) }
    var front = tokens
    var behind = tokens
    if mode.needsBackground {
      guard let background else { throw ColorizeError.missingInput(.referenceMask, mode: mode) }
      front = try split.telling([sketchThreshold], to: tokens)
      behind = background
      if mode == .full && layout == .published {
        front = try Tensor.concatenate([front, behind], axis: 1)
        behind = front
      }
    }
    return ReferenceContext(
      foreground: try rows(front).contiguous(), background: try rows(behind).contiguous(), mask: mask,
      maskThreshold: sketchThreshold, useForegroundLoRA: mode != .background, useBackgroundLoRA: mode != .foreground)
  }

  /// The sketch encoder's hints times the strength: for the lines `[1, H, W, 1]`, or for an empty drawing.
  package func hints(lines: Tensor, strength: Float) throws -> [Tensor] {
    let sketch = try lines.broadcast(to: lines.shape.replacing(axis: 3, with: 3)).contiguous()
    let hints = try parts.sketchEncoder()(sketch)
    return strength == 1 ? hints : try hints.map { try $0 * strength }
  }

  /// The hints of a colour picture that stands for a sketch, `[1, H, W, 3]` in -1...1, negated as drawings on white paper
  /// are.
  package func hints(picture: Tensor, strength: Float) throws -> [Tensor] {
    let hints = try parts.sketchEncoder()(picture * -1)
    return strength == 1 ? hints : try hints.map { try $0 * strength }
  }

  /// The latent of a picture `[1, H, W, 3]` at the scale of the diffusion process, drawn from its posterior.
  ///
  /// - Parameter noise: the source that is drawn from, in the shape `[1, C, h, w]`.
  package func latent(
    of picture: Tensor, tiling: VAETiling = .off, noise: inout any NoiseSource
  ) throws -> Tensor {
    let (mean, logVariance) = try parts.vaeEncoder()(picture, tiling: tiling)
    let limits = try [Float(-30), 20].map { try Tensor(repeating: $0, shape: [], on: backend) }
    let clamped = try Tensor.minimum(Tensor.maximum(logVariance, limits[0]), limits[1])
    let drawn = try noise.noise(like: mean)
    return try (mean + (clamped * 0.5).exp() * drawn) * Float(configuration.scaleFactor)
  }

  /// The mean of the posterior of a picture `[1, H, W, 3]`, at the scale of the diffusion process.
  package func meanLatent(of picture: Tensor, tiling: VAETiling = .off) throws -> Tensor {
    try parts.vaeEncoder()(picture, tiling: tiling).mean * Float(configuration.scaleFactor)
  }

  /// Decodes a latent of unit scale into a picture about -1...1.
  package func decode(
    _ latent: Tensor, tiling: VAETiling = .off, progress: VAEProgress = { _, _ in }
  ) throws -> Tensor {
    try parts.vaeDecoder()(
      latent * Float(1 / configuration.scaleFactor), tiling: tiling, progress: progress)
  }

  private func missingSplit(_ mode: InferenceMode) -> ColorizeError {
    .unsupportedMode(mode: mode, model: "this one")
  }
}

/// A reference as the network sees it.
package struct EncodedReference {
  /// The picture's tokens, `[1, M, C]`.
  package var tokens: Tensor
  /// The token of the picture as a whole, `[1, 1, C]`; nil where no text will be compared with it.
  package var classToken: Tensor?
  /// Those of its background, `[1, M, C]`, or of a picture given for it; nil if there is neither mask nor picture.
  package var background: Tensor?

  package init(tokens: Tensor, classToken: Tensor? = nil, background: Tensor? = nil) {
    self.tokens = tokens
    self.classToken = classToken
    self.background = background
  }
}
