// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// The paper's second stage: low-rank branches of the cross-attentions, the recovery transformer and the threshold
/// embedder learn to colour foreground and background from their own parts of the reference.
public struct SecondStage: Sendable {
  /// Which halves of the context have a branch of their own.
  public enum Mode: String, Sendable, Hashable, CaseIterable, Codable {
    /// Both regions read the whole reference; the foreground through its branch.
    case foreground
    /// Each region reads its own half; the background through its branch.
    case background
    /// Each region reads its own half through its own branch.
    case full
  }

  /// The recovery transformer and the threshold embedder.
  public let parts: ColorizationNetwork.SplitParts

  /// The second stage of a network.
  public init(_ parts: ColorizationNetwork.SplitParts) { self.parts = parts }

  /// The context of one sample: `E + T(t_s)` for the foreground, `R(E_b + T(t_r))` for the background, with the
  /// threshold embedder T and the recovery transformer R, each half read by its own branch, as at inference.
  ///
  /// - Parameters:
  ///   - tokens: those of the reference, E, `[1, M, C]`.
  ///   - backgroundTokens: those of the reference without its foreground, E_b, see
  ///     ``background(of:mask:threshold:)``; not used in foreground mode.
  ///   - mask: the sketch's foreground at latent size, soft, `[1, h, w, 1]`.
  ///   - sketchThreshold: t_s, at which that mask is cut.
  ///   - referenceThreshold: t_r, at which the reference's mask was cut.
  /// - Throws: `BackendError`.
  public func context(
    _ mode: Mode, tokens: Tensor, backgroundTokens: Tensor, mask: Tensor, sketchThreshold: Float,
    referenceThreshold: Float
  ) throws -> ReferenceContext {
    try context(
      mode, tokens: tokens, backgroundTokens: backgroundTokens, mask: mask, sketchThresholds: [sketchThreshold],
      referenceThresholds: [referenceThreshold])
  }

  /// The same for a batch, each row with its own thresholds.
  ///
  /// - Parameters:
  ///   - tokens: `[B, M, C]`.
  ///   - backgroundTokens: `[B, M, C]`.
  ///   - mask: `[B, h, w, 1]`.
  ///   - sketchThresholds: one for each row.
  ///   - referenceThresholds: one for each row.
  /// - Throws: `BackendError`.
  public func context(
    _ mode: Mode, tokens: Tensor, backgroundTokens: Tensor, mask: Tensor, sketchThresholds: [Float],
    referenceThresholds: [Float]
  ) throws -> ReferenceContext {
    var (foreground, background) = (tokens, tokens)
    if mode != .foreground {
      foreground = try parts.telling(sketchThresholds, to: tokens)
      background = try parts.background(cutOut: backgroundTokens, thresholds: referenceThresholds)
    }
    return ReferenceContext(
      foreground: foreground, background: background, mask: mask, maskThresholds: sketchThresholds,
      useForegroundLoRA: mode != .background, useBackgroundLoRA: mode != .foreground)
  }

  /// A reference without its foreground: white where the mask is not below the threshold; a tie is white.
  ///
  /// - Parameters:
  ///   - reference: `[1, H, W, 3]` in -1...1.
  ///   - mask: the foreground, soft, `[1, H, W, 1]`.
  /// - Throws: `BackendError`.
  public static func background(of reference: Tensor, mask: Tensor, threshold: Float) throws -> Tensor {
    let white = try Tensor(repeating: 1, shape: [], on: reference.backend)
    // threshold - mask has the sign of the comparison, without a rounding that could hide a difference.
    return try Tensor.select(mask.affine(scale: -1, offset: threshold), reference, white)
  }
}
