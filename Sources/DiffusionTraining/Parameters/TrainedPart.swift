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
    let prefixes: [(String, TrainedPart)] = [
      ("model.diffusion_model.", .unet), ("control_encoder.", .sketchEncoder),
      ("cond_stage_model.visual.model.", .imageEncoder), ("first_stage_model.", .vae), ("transformer.", .recovery),
      ("thresh_embedder.", .threshold),
    ]
    guard let part = prefixes.first(where: { key.hasPrefix($0.0) })?.1 else { return nil }
    self = part
  }
}
