/// Guesses at what the user meant, from the pattern of what is missing.
enum LoadHints {
  /// The parts of a checkpoint, and what to do where a file lacks one altogether.
  private static let parts: [(prefix: String, advice: String)] = [
    (
      "model.diffusion_model.",
      "no file carries a denoising U-Net: give a colorizer checkpoint"
    ),
    (
      "first_stage_model.",
      "no file carries a VAE: give a checkpoint that was exported whole"
    ),
    (
      "cond_stage_model.visual.",
      "no file carries an image encoder: give an OpenCLIP ViT-H/14 file as well"
    ),
    (
      "cond_stage_model.transformer.",
      "no file carries a text tower: give an OpenCLIP ViT-H/14 file with both towers as well"
    ),
    ("control_encoder.", "no file carries a sketch encoder: give a colorizer checkpoint"),
    (
      "transformer.",
      "no file carries the background recovery transformer, but one carries other weights of the mask modes: give a "
        + "checkpoint that was exported whole, or for vanilla mode one without any of them"
    ),
    (
      "thresh_embedder.",
      "no file carries the threshold embedder, but one carries other weights of the mask modes: give a checkpoint that "
        + "was exported whole, or for vanilla mode one without any of them"
    ),
  ]

  static func hints(missing: [LoadReport.Missing], keys: [String]) -> [String] {
    var hints: [String] = []
    guard !missing.isEmpty else { return hints }
    for part in parts where missing.contains(where: { $0.key.utf8.starts(with: part.prefix.utf8) }) {
      if !keys.contains(where: { $0.utf8.starts(with: part.prefix.utf8) }) { hints.append(part.advice) }
    }
    if missing.contains(where: { isLoRA($0.key) }), !keys.contains(where: isLoRA) {
      hints.append(
        "no file carries the LoRA branches of the split cross-attention, but one carries other weights of the mask "
          + "modes: give a checkpoint that was exported whole, or for vanilla mode one without any of them")
    }
    if keys.contains(where: { $0.utf8.starts(with: "vision_model.".utf8) }) {
      hints.append("a file holds an image encoder in the naming of Transformers: give the one in OpenCLIP's naming")
    }
    return hints
  }

  /// Whether a component of the key names a low-rank branch, such as `to_q.lora_down_fg.weight`.
  private static func isLoRA(_ key: String) -> Bool {
    key.utf8.split(separator: UInt8(ascii: ".")).contains { $0.starts(with: "lora_".utf8) }
  }
}
