// SPDX-License-Identifier: Apache-2.0

extension KeyRenaming {
  /// The part that tells how deep a checkpoint's keys are wrapped.
  private static let landmark = CheckpointSection.unet.prefix

  /// Takes off what programs put before all keys of a checkpoint, such as `module.` or `state_dict.`, and `_orig_mod.`
  /// wherever it stands at the beginning of a part.
  ///
  /// - Returns: nil where the keys are bare already.
  public static func unwrapping(_ keys: [String]) -> KeyRenaming? {
    var rules: [Rule] = []
    let outer = wrapper(of: keys)
    let compiled = "_orig_mod."
    // Whole models are compiled, and the image encoder's is all that stands under its own name.
    let parts = CheckpointSection.allCases.map(\.prefix) + ["cond_stage_model."]
    for part in parts {
      let wrapped = outer + part + compiled
      if keys.contains(where: { $0.utf8.starts(with: wrapped.utf8) }) {
        rules.append(Rule(wrapped, part))
      }
    }
    if !outer.isEmpty { rules.append(Rule(outer, "")) }
    return rules.isEmpty ? nil : KeyRenaming(rules)
  }

  /// What stands before `model.diffusion_model.` in the keys that have it, if nine in ten of all keys begin so; or before
  /// the sketch encoder's, of a file without a U-Net.
  private static func wrapper(of keys: [String]) -> String {
    guard !keys.contains(where: { $0.utf8.starts(with: landmark.utf8) }) else { return "" }
    for name in [landmark, CheckpointSection.sketchEncoder.prefix] {
      guard let key = keys.first(where: { $0.contains("." + name) }),
        let found = key.range(of: "." + name)
      else {
        continue
      }
      let prefix = String(key[..<key.index(after: found.lowerBound)])
      let count = keys.count { $0.utf8.starts(with: prefix.utf8) }
      if prefix.utf8.count <= 64, count * 10 >= keys.count * 9 { return prefix }
    }
    return ""
  }

  /// Takes moving averages for the weights that they are the averages of, where a checkpoint holds nothing else: LDM
  /// keeps `model.diffusion_model.a.b` as `model_ema.diffusion_modelab`, without the dots.
  ///
  /// - Parameters:
  ///   - keys: those of the file.
  ///   - wanted: those of the network.
  /// - Returns: nil where there are no averages, or other weights as well.
  public static func movingAverages(_ keys: [String], wanted: [String]) -> KeyRenaming? {
    guard keys.contains(where: { $0.hasPrefix("model_ema.") }),
      !keys.contains(where: { $0.utf8.starts(with: landmark.utf8) })
    else { return nil }
    let known = Set(keys)
    var exact: [String: String] = [:]
    for key in wanted where key.hasPrefix("model.") {
      let averaged = "model_ema." + key.dropFirst("model.".count).filter { $0 != "." }
      if known.contains(averaged) { exact[averaged] = key }
    }
    return exact.isEmpty ? nil : KeyRenaming(exact: exact)
  }
}

extension String {
  /// The first place of a text, by its bytes.
  fileprivate func range(of text: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].utf8.starts(with: text.utf8) {
        return start..<utf8.index(start, offsetBy: text.utf8.count)
      }
      start = index(after: start)
    }
    return nil
  }
}
