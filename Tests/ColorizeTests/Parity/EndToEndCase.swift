// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import TestSupport

/// A recorded run of the published `generate`, as `e2e_cases.json` has it.
struct EndToEndCase: Decodable {
  struct LayerState: Decodable { let reference_scale: [Float] }

  let key: String
  let inputs: String
  let noref: Bool
  let masks: Bool
  let background: Bool
  let fg_enhance: Bool?
  let bg_enhance: Bool?
  let ctl_scale: Float
  let merge_scale: Float
  let mask_thresh: Float
  let mask_thresh_sketch: Float
  let bs: Int
  let gs: [Double]
  let sampler: String
  let scheduler: String
  let step: Int
  let noises: Int
  let layer_state_during_sampling: LayerState

  /// How many of its draws a sampler may leave: the last of DPM fast is multiplied by 0.
  var spareNoises: Int { sampler == "DPM fast" ? 1 : 0 }

  var mode: InferenceMode {
    guard masks else { return .vanilla }
    return switch (fg_enhance ?? false, bg_enhance ?? false) {
    case (true, true): .full
    case (true, false): .foreground
    default: .background
    }
  }
}
