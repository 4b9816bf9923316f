// SPDX-License-Identifier: Apache-2.0

/// Guesses at what the user meant, from the pattern of what is missing.
package enum LoadHints {
  static func hints(_ report: LoadReport, keys: [String]) -> [String] {
    let missing = report.missing
    var hints = Self.hints(ofTypes: report.misshaped)
    if !report.holes.isEmpty {
      hints.append("the file has holes of zeros: the download was not finished; download it again")
    }
    if !report.unexpected.isEmpty, report.isUsable,
      keys.contains(where: { $0.utf8.starts(with: CheckpointSection.unet.prefix.utf8) })
    {
      hints.append(
        "the network is whole; `colorize convert` writes it without the tensors that it does not know"
      )
    }
    guard !missing.isEmpty else { return hints }
    if keys.isEmpty {
      return hints + ["the file holds no tensor at all: download or export it again"]
    }
    if let hint = hint(ofPrefixesBefore: missing.map(\.key), keys: keys) { hints.append(hint) }
    // Who lacks other parts only was not after a whole model.
    if missing.contains(where: {
      CheckpointSection(key: $0.key) == .unet || CheckpointSection(key: $0.key) == .sketchEncoder
    }) {
      if let other = OtherModel.advice(forKeys: keys) ?? NetworkLandmark.advice(forKeys: keys) {
        return hints + [other]
      }
      if !keys.contains(where: { CheckpointSection(key: $0) != nil }) {
        return hints + ["no file carries any part of a colorizer: give a colorizer checkpoint"]
      }
    }
    for section in CheckpointSection.allCases {
      func isHere(_ key: String) -> Bool { key.utf8.starts(with: "\(section.root).".utf8) }
      if missing.contains(where: { isHere($0.key) }), !keys.contains(where: isHere) { hints.append(section.advice) }
    }
    if missing.contains(where: { isLoRA($0.key) }), !keys.contains(where: isLoRA) {
      hints.append(
        "no file carries the LoRA branches of the split cross-attention, but one carries other weights of the mask "
          + "modes: give a checkpoint that was exported whole, or for vanilla mode one without any of them"
      )
    }
    if keys.contains(where: { $0.utf8.starts(with: "vision_model.".utf8) }) {
      hints.append(
        "a file holds an image encoder in the naming of Transformers: give the one in OpenCLIP's naming"
      )
    }
    return hints
  }

  /// What to say where some keys have a prefix, such as `module.`, and others none: one that all have is taken off.
  package static func hint(ofPrefixesBefore missing: [String], keys: [String]) -> String? {
    let wanted = Set(missing)
    var counts: [String: Int] = [:]
    for key in keys {
      var rest = Substring(key)
      // Programs wrap what they save a few times, and a name may be as long as a file.
      for _ in 0..<4 {
        guard let dot = rest.firstIndex(of: ".") else { break }
        rest = rest[rest.index(after: dot)...]
        guard wanted.contains(String(rest)) else { continue }
        counts[String(key[..<rest.startIndex]), default: 0] += 1
        break
      }
    }
    guard let most = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else { return nil }
    return
      "\(most.value) of the missing keys stand in the file with \"\(WeightError.printable(most.key))\" before them, and "
      + "others without: it was put together from two forms; save it again with the same names throughout"
  }

  /// What to say where shapes fit and element types do not.
  private static func hints(ofTypes misshaped: [LoadReport.Misshaped]) -> [String] {
    let types = Set(
      misshaped.filter { $0.expected == $0.found && $0.dtype.dtype == nil }.map(\.dtype.rawValue))
    guard !types.isEmpty else { return [] }
    return [
      "numbers of type \(types.sorted().joined(separator: ", ")) cannot be read, but F32, F16, BF16 and F64; get the model "
        + "in F16"
    ]
  }

  /// Whether a component of the key names a low-rank branch, such as `to_q.lora_down_fg.weight`.
  private static func isLoRA(_ key: String) -> Bool {
    key.utf8.split(separator: UInt8(ascii: ".")).contains { $0.starts(with: "lora_".utf8) }
  }
}
