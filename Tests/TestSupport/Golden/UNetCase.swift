// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A recorded call of the published U-Net, as `unet_cases.json` has it.
struct UNetCase: Decodable {
  struct List: Decodable { let cases: [UNetCase] }

  let latent: String
  let batch: Int
  let context: String
  let contextRepeat: Int
  let mask: String?
  let maskThreshold: Float
  let useForeground: Bool
  let useBackground: Bool
  let timestep: Float
  let referenceScales: [Float]
  let foregroundScale: Float
  let backgroundScale: Float
  let merge: Float
  let output: String

  enum CodingKeys: String, CodingKey {
    case latent, batch, context, mask
    case contextRepeat = "context_repeat"
    case maskThreshold = "mask_threshold"
    case useForeground = "lora_fg"
    case useBackground = "lora_bg"
    case timestep = "t"
    case referenceScales = "reference_scale"
    case foregroundScale = "fg_scale"
    case backgroundScale = "bg_scale"
    case merge = "merge_scale"
    case output = "out"
  }

  var control: AttentionControl {
    AttentionControl(
      referenceScales: referenceScales, foregroundScale: foregroundScale, backgroundScale: backgroundScale, merge: merge
    )
  }
}
