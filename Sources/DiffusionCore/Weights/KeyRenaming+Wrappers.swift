// SPDX-License-Identifier: Apache-2.0

extension KeyRenaming {
  /// The part that tells how deep a checkpoint's keys are wrapped.
  private static let landmark = CheckpointSection.unet.prefix

  /// Components that programs put into keys where they wrap a part of a model: compilation, data-parallel training,
  /// FSDP.
  private static let wrappers: Set<Substring> = [
    "_orig_mod", "module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module",
  ]

  /// Takes off what programs put before all keys of a checkpoint, such as `module.` or `state_dict.`, and `_orig_mod.` and
  /// the like wherever they stand.
  ///
  /// - Returns: nil where the keys are bare already.
  public static func unwrapping(_ keys: [String]) -> KeyRenaming? {
    let bare = keys.map(withoutWrappers)
    // Where two keys would become one, both are another's.
    guard bare != keys, Set(bare).count == Set(keys).count else {
      let outer = wrapper(of: keys)
      return outer.isEmpty ? nil : KeyRenaming([Rule(outer, "")])
    }
    let outer = wrapper(of: bare)
    var exact: [String: String] = [:]
    for (key, name) in zip(keys, bare) where name != key {
      let isWrapped = !outer.isEmpty && name.utf8.starts(with: outer.utf8)
      exact[key] = isWrapped ? String(decoding: name.utf8.dropFirst(outer.utf8.count), as: UTF8.self) : name
    }
    return KeyRenaming(outer.isEmpty ? [] : [Rule(outer, "")], exact: exact)
  }

  /// A key without the components of wrappers, but for one at its beginning, which all keys have or none.
  private static func withoutWrappers(_ key: String) -> String {
    let parts = key.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.dropFirst().contains(where: wrappers.contains) else { return key }
    return (parts.prefix(1) + parts.dropFirst().filter { !wrappers.contains($0) }).joined(separator: ".")
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

  /// This, and then another of its results.
  ///
  /// - Parameter keys: those of the file, whose names the other one gives by itself are kept.
  public func followed(by other: KeyRenaming, for keys: [String]) -> KeyRenaming {
    var exact = exact
    for key in keys {
      let name = self(key)
      if other(name) != name { exact[key] = other(name) }
    }
    return KeyRenaming(rules, exact: exact)
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
