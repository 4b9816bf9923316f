// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// The `config.json` of a set of recordings: the published configuration, whose tower has sizes instead of a name.
struct GoldenConfiguration: Decodable {
  struct Part<Parameters: Decodable>: Decodable { let params: Parameters }

  struct Autoencoder: Decodable {
    struct Sizes: Decodable {
      let configuration: VAEConfiguration
      init(from decoder: any Decoder) throws { configuration = try VAEConfiguration(from: decoder) }
    }
    let ddconfig: Sizes
  }

  struct Tower: Decodable {
    struct Sizes: Decodable {
      struct Vision: Decodable { let image_size, patch_size, width, layers, head_width: Int }
      let embed_dim: Int
      let vision_cfg: Vision
    }
    let tiny_clip: Sizes
  }

  struct Recovery: Decodable {
    let dim, layers, token_length: Int
    /// 64 in the published network, where it is not said.
    let dim_head: Int?
  }

  struct Model: Decodable {
    let linear_start, linear_end, scale_factor: Double
    let timesteps: Int
    let unet_config: Part<UNetConfiguration>
    let first_stage_config: Part<Autoencoder>
    let cond_stage_config: Part<Tower>
    let control_encoder_config: Part<SketchEncoderConfiguration>
    let lora_config: LoRAConfiguration
    let transformer_config: Part<Recovery>
    let thresh_embedder_config: Part<ThresholdEmbedderConfiguration>
  }

  let params: Model
  /// `seeded` if the weights are made by a formula, `SeededParameters`, and not stored.
  let weights: String?

  var configuration: ModelConfiguration {
    let (tower, recovery) = (params.cond_stage_config.params.tiny_clip, params.transformer_config.params)
    let vision = tower.vision_cfg
    return ModelConfiguration(
      unet: params.unet_config.params, lora: params.lora_config,
      vae: params.first_stage_config.params.ddconfig.configuration,
      imageEncoder: OpenCLIPVisionConfiguration(
        imageSize: vision.image_size, patchSize: vision.patch_size, width: vision.width, layers: vision.layers,
        heads: vision.width / vision.head_width, outputWidth: tower.embed_dim),
      sketchEncoder: params.control_encoder_config.params,
      recovery: RecoveryConfiguration(
        width: recovery.dim, layers: recovery.layers, tokens: recovery.token_length,
        heads: recovery.dim / (recovery.dim_head ?? 64)),
      threshold: params.thresh_embedder_config.params, scaleFactor: params.scale_factor,
      linearStart: params.linear_start, linearEnd: params.linear_end, timesteps: params.timesteps)
  }
}
