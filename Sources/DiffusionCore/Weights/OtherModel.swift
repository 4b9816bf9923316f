// SPDX-License-Identifier: Apache-2.0

/// What a file of weights is that is no checkpoint of a colorizer, told by its keys, and what to do.
package enum OtherModel {
  /// Nil for a checkpoint, for what lacks parts of one, and for a file whose kind is not known.
  package static func advice(forKeys keys: [String]) -> String? {
    guard !keys.isEmpty else { return nil }
    return kinds.first { $0.fits(keys) }?.advice
  }

  private struct Kind: Sendable {
    let advice: String
    let fits: @Sendable ([String]) -> Bool
  }

  /// In the order in which they are tried: the more special first.
  private static let kinds: [Kind] = [
    Kind(
      advice:
        "the file holds low-rank additions to a model (LoRA) and no model: give the checkpoint that they belong to"
    ) {
      share(of: $0) { key in
        key.contains(".") && (key.contains("lora") || lowRank.contains { key.contains($0) })
      } > 0.9
    },
    Kind(advice: "the file holds a textual inversion, which is a word for models that read texts, and no model") {
      keys in
      keys.count <= 4
        && keys.contains { key in
          ["emb_params", "string_to_param"].contains { key.hasPrefix($0) } || ["clip_g", "clip_l"].contains(key)
            || key.hasPrefix("<") && key.hasSuffix(">")
        }
    },
    Kind(advice: "the file holds a ControlNet, which steers another kind of model: give a colorizer checkpoint") {
      share(of: $0, beginning: ["control_model.", "controlnet_"]) > 0.3
    },
    Kind(
      advice:
        "the file holds a part of a model in the naming of Diffusers: give a checkpoint in one file in the naming of "
        + "the authors' code"
    ) { share(of: $0, beginning: ["down_blocks.", "up_blocks.", "mid_block.", "conv_in."]) > 0.5 },
    Kind(
      advice:
        "the file holds an image encoder in the naming of Transformers, and no model that colours: give the one in "
        + "OpenCLIP's naming, as the image encoder beside a checkpoint"
    ) { share(of: $0, beginning: ["vision_model.", "text_model."]) > 0.9 },
    Kind(
      advice: "the file holds an image encoder (CLIP) and no model that colours: give it as the image encoder beside a "
        + "checkpoint"
    ) { keys in
      let towers = ["visual.", "transformer.resblocks.", "token_embedding.", "ln_final.", "cond_stage_model."]
      return share(of: keys, beginning: towers + ["text_projection", "positional_embedding", "logit_scale"]) > 0.9
        && keys.contains { $0.contains("visual.") }
    },
    Kind(
      advice: "the file holds an autoencoder (VAE) and no model that colours: give a checkpoint that was exported whole"
    ) {
      share(of: $0, beginning: ["encoder.", "decoder.", "quant_conv.", "post_quant_conv.", "first_stage_model."]) > 0.9
    },
    Kind(
      advice:
        "the file holds a diffusion transformer, such as FLUX and Stable Diffusion 3, and no model of this kind: give "
        + "a colorizer checkpoint"
    ) {
      share(
        of: $0,
        beginning: [
          "double_blocks.", "single_blocks.", "joint_blocks.", "model.diffusion_model.double_blocks.",
          "model.diffusion_model.joint_blocks.", "single_transformer_blocks.", "transformer_blocks.",
        ]) > 0.4
    },
    Kind(
      advice:
        "the file holds a Stable Diffusion model that paints after texts, and none that colours: give a colorizer "
        + "checkpoint"
    ) { keys in
      let texts = ["cond_stage_model.transformer.text_model.", "cond_stage_model.model.", "conditioner.embedders."]
      return keys.contains { key in texts.contains { key.hasPrefix($0) } }
        && !keys.contains { $0.hasPrefix(CheckpointSection.sketchEncoder.prefix) }
    },
    Kind(advice: "the file holds a language model, and none that colours: give a colorizer checkpoint") {
      share(of: $0) { $0.hasPrefix("model.layers.") || $0.hasPrefix("lm_head.") || $0.hasPrefix("model.embed_tokens.") }
        > 0.9
    },
    Kind(
      advice: "the file holds a U-Net alone, whose keys lack what stands before them in a checkpoint "
        + "(\(CheckpointSection.unet.prefix)): give a checkpoint that was exported whole"
    ) { share(of: $0, beginning: ["input_blocks.", "output_blocks.", "middle_block.", "time_embed."]) > 0.9 },
  ]

  /// What keys of other low-rank additions hold.
  private static let lowRank = ["lycoris_", "hada_w", "lokr_w", "oft_blocks"]

  private static func share(of keys: [String], _ fits: (String) -> Bool) -> Double {
    Double(keys.count(where: fits)) / Double(keys.count)
  }

  private static func share(of keys: [String], beginning starts: [String]) -> Double {
    share(of: keys) { key in starts.contains { key.hasPrefix($0) } }
  }
}
