import Colorize
import DiffusionCore
import TestSupport

/// A recorded run of the published `generate`.
struct EndToEndCase {
  let key: String
  let inputs: String
  let noReference: Bool
  let givenBackground: Bool
  let mode: InferenceMode
  let sketchStrength: Float
  let merge: Float
  let referenceThreshold: Float
  let sketchThreshold: Float
  let batch: Int
  let guidance: Guidance
  let scales: [Float]
  let sampler: Sampler
  let steps: Int
  let noises: Int

  static func all() throws -> [EndToEndCase] {
    (try GoldenFile.json("e2e_cases") as? [[String: Any]] ?? []).compactMap(EndToEndCase.init)
  }

  private static let samplers: [String: Sampler] = [
    "DPM++ 2M": .dpmpp2M, "Euler": .euler, "Euler a": .eulerAncestral, "diffuser_ddim": .ddim,
    "diffuser_dpm": .dpmSolver, "DPM++ 2M SDE": .dpmpp2MSDE, "DPM++ 3M SDE": .dpmpp3MSDE,
  ]

  init?(_ json: [String: Any]) {
    func number(_ key: String) -> Float? { (json[key] as? Double).map { Float($0) } }
    guard let key = json["key"] as? String, let inputs = json["inputs"] as? String,
      let noReference = json["noref"] as? Bool, let background = json["background"] as? Bool,
      let masks = json["masks"] as? Bool, let control = number("ctl_scale"), let merge = number("merge_scale"),
      let reference = number("mask_thresh"), let sketch = number("mask_thresh_sketch"), let batch = json["bs"] as? Int,
      let scales = json["gs"] as? [Double], let samplerName = json["sampler"] as? String,
      let sampler = Self.samplers[samplerName], let steps = json["step"] as? Int, let noises = json["noises"] as? Int,
      let state = json["layer_state_during_sampling"] as? [String: Any],
      let referenceScales = state["reference_scale"] as? [Double]
    else { return nil }
    let foreground = json["fg_enhance"] as? Bool ?? false
    let behind = json["bg_enhance"] as? Bool ?? false
    self.key = key
    self.inputs = inputs
    self.noReference = noReference
    self.givenBackground = background
    self.mode = !masks ? .vanilla : foreground && behind ? .full : foreground ? .foreground : .background
    self.sketchStrength = control
    self.merge = merge
    self.referenceThreshold = reference
    self.sketchThreshold = sketch
    self.batch = batch
    self.guidance = Guidance(reference: scales[0], sketch: scales[1])
    self.scales = referenceScales.map { Float($0) }
    self.sampler = sampler
    self.steps = steps
    self.noises = noises
  }
}
