import DiffusionCore
import TestSupport

/// A recorded call of the published U-Net.
struct UNetCase {
  let latent: String
  let batch: Int
  let context: String
  let contextRepeat: Int
  let mask: String?
  let maskThreshold: Float
  let useForeground: Bool
  let useBackground: Bool
  let timestep: Float
  let control: AttentionControl
  let output: String

  static func all() throws -> [UNetCase] {
    let root = try GoldenFile.json("unet_cases") as? [String: Any]
    return (root?["cases"] as? [[String: Any]] ?? []).compactMap(UNetCase.init)
  }

  init?(_ json: [String: Any]) {
    func number(_ key: String) -> Float? { (json[key] as? Double).map { Float($0) } }
    guard let latent = json["latent"] as? String, let batch = json["batch"] as? Int,
      let context = json["context"] as? String, let contextRepeat = json["context_repeat"] as? Int,
      let useForeground = json["lora_fg"] as? Bool, let useBackground = json["lora_bg"] as? Bool,
      let scales = json["reference_scale"] as? [Double], let output = json["out"] as? String,
      let timestep = number("t"), let threshold = number("mask_threshold"), let foreground = number("fg_scale"),
      let background = number("bg_scale"), let merge = number("merge_scale")
    else { return nil }
    self.latent = latent
    self.batch = batch
    self.context = context
    self.contextRepeat = contextRepeat
    self.mask = json["mask"] as? String
    self.maskThreshold = threshold
    self.useForeground = useForeground
    self.useBackground = useBackground
    self.timestep = timestep
    self.control = AttentionControl(
      referenceScales: scales.map { Float($0) }, foregroundScale: foreground, backgroundScale: background, merge: merge)
    self.output = output
  }
}
