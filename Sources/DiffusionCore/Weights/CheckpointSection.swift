// SPDX-License-Identifier: Apache-2.0

/// A section of a checkpoint's keys: the one table of what its parts are called, where their keys stand, and what to do
/// where a file lacks one.
///
/// Which of them a part of the network reads is said by ``NetworkParts/Part/sections``, and which parts a stage of a run
/// uses by the stage.
public enum CheckpointSection: String, Sendable, Hashable, CaseIterable {
  case unet, vae, imageEncoder, textTower, sketchEncoder, recovery, threshold

  /// Where the keys stand that are read, without a dot at the end.
  public var path: String {
    switch self {
    case .unet: "model.diffusion_model"
    case .vae: "first_stage_model"
    case .imageEncoder: "cond_stage_model.visual.model"
    case .textTower: "cond_stage_model.transformer.model"
    case .sketchEncoder: "control_encoder"
    case .recovery: "transformer"
    case .threshold: "thresh_embedder"
    }
  }

  /// What the keys that are read begin with.
  public var prefix: String { path + "." }

  /// What all keys of the section begin with, those that are not read as well, without a dot at the end.
  public var root: String {
    switch self {
    case .imageEncoder: "cond_stage_model.visual"
    case .textTower: "cond_stage_model.transformer"
    default: path
    }
  }

  /// What it is called for people.
  public var name: String {
    switch self {
    case .unet: "U-Net"
    case .vae: "autoencoder"
    case .imageEncoder: "image encoder"
    case .textTower: "text tower"
    case .sketchEncoder: "sketch encoder"
    case .recovery: "background recovery"
    case .threshold: "threshold embedder"
    }
  }

  /// The section that a key belongs to; nil for a key of none.
  public init?(key: String) {
    guard let section = Self.allCases.first(where: { key.utf8.starts(with: "\($0.root).".utf8) }) else { return nil }
    self = section
  }

  /// Whether it is of the mask modes alone, as the low-rank branches of the U-Net are.
  public var isSplit: Bool { self == .recovery || self == .threshold }

  /// What to do where no file carries it.
  var advice: String {
    let whole =
      ", but one carries other weights of the mask modes: give a checkpoint that was exported whole, or for vanilla mode "
      + "one without any of them"
    return switch self {
    case .unet: "no file carries a denoising U-Net: give a colorizer checkpoint"
    case .vae: "no file carries a VAE: give a checkpoint that was exported whole"
    case .imageEncoder: "no file carries an image encoder: give an OpenCLIP ViT-H/14 file as well"
    case .textTower: "no file carries a text tower: give an OpenCLIP ViT-H/14 file with both towers as well"
    case .sketchEncoder: "no file carries a sketch encoder: give a colorizer checkpoint"
    case .recovery: "no file carries the background recovery transformer" + whole
    case .threshold: "no file carries the threshold embedder" + whole
    }
  }
}
