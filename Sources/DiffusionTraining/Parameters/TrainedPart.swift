// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A part of the network that can learn while all others are frozen.
public enum TrainedPart: String, Sendable, Hashable, CaseIterable, Codable {
  /// The low-rank branches of the foreground in the cross-attentions.
  case foregroundLoRA = "lora-foreground"
  /// Those of the background.
  case backgroundLoRA = "lora-background"
  /// The transformer that recovers the tokens of a background.
  case recovery
  /// The embedder of the masks' thresholds.
  case threshold
  /// The U-Net without the low-rank branches.
  case unet
  /// The sketch encoder.
  case sketchEncoder = "sketch-encoder"
  /// The image encoder.
  case imageEncoder = "image-encoder"
  /// The autoencoder.
  case vae

  /// What the second stage of the paper trains.
  public static let secondStage: Set<TrainedPart> = [.foregroundLoRA, .backgroundLoRA, .recovery, .threshold]

  /// The part that the parameter of a checkpoint's key belongs to; nil for one that no part has.
  public init?(key: String) {
    if key.contains(".lora_") {
      self = key.contains("_fg.") ? .foregroundLoRA : .backgroundLoRA
      return
    }
    switch CheckpointSection(key: key) {
    case .unet: self = .unet
    case .sketchEncoder: self = .sketchEncoder
    case .imageEncoder: self = .imageEncoder
    case .vae: self = .vae
    case .recovery: self = .recovery
    case .threshold: self = .threshold
    case .textTower, nil: return nil
    }
  }
}
