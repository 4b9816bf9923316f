// SPDX-License-Identifier: Apache-2.0

/// Which parts of the network are active.
public enum InferenceMode: String, Sendable, Hashable, CaseIterable, Codable {
  /// The whole reference colours the whole sketch. Needs no masks.
  case vanilla
  /// Foreground and background of the sketch attend apart, the foreground through its own weights. Needs the sketch's
  /// mask.
  case foreground
  /// As `foreground`, with the background through its own weights and from the reference's background alone. Needs the
  /// sketch's mask, and the reference's mask or a background picture.
  case background
  /// Both regions through their own weights: the paper's split cross-attention. Needs what `background` needs.
  case full

  /// Whether the sketch's mask is needed.
  public var needsSketchMask: Bool { self != .vanilla }
  /// Whether the reference's mask or a background picture is needed.
  public var needsBackground: Bool { self == .background || self == .full }
}

/// Which tokens the two regions of the sketch attend to in ``InferenceMode/full``.
public enum ContextLayout: String, Sendable, Hashable, CaseIterable, Codable {
  /// The paper's: the foreground attends to the reference's tokens, the background to those of its background.
  case paper
  /// The published code's: both regions attend to all tokens and differ by their weights only.
  case published
}
