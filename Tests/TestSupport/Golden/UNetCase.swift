// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A recorded call of the published U-Net, as `unet_cases.json` has it.
package struct UNetCase: Decodable, Sendable {
  package struct List: Decodable { package let cases: [UNetCase] }

  package let latent: String
  package let batch: Int
  package let context: String
  package let contextRepeat: Int
  package let mask: String?
  package let maskThreshold: Float
  package let useForeground: Bool
  package let useBackground: Bool
  package let timestep: Float
  package let referenceScales: [Float]
  package let foregroundScale: Float
  package let backgroundScale: Float
  package let merge: Float
  package let output: String

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

  package var control: AttentionControl {
    AttentionControl(
      referenceScales: referenceScales, foregroundScale: foregroundScale, backgroundScale: backgroundScale, merge: merge
    )
  }
}
