// SPDX-License-Identifier: Apache-2.0

/// How the keys of a second file become the keys of the checkpoint that it completes.
///
/// The first rule whose prefix fits a key applies; a key that none fits keeps its name.
public struct KeyRenaming: Sendable, Hashable {
  /// Replaces one prefix by another.
  public struct Rule: Sendable, Hashable {
    /// What a key must begin with.
    public let prefix: String
    /// What stands there afterwards.
    public let replacement: String

    /// A rule that turns `prefix` into `replacement`.
    public init(_ prefix: String, _ replacement: String) {
      self.prefix = prefix
      self.replacement = replacement
    }
  }

  /// The rules, in the order in which they are tried.
  public let rules: [Rule]

  /// Keys with a name of their own, which comes before all rules.
  public let exact: [String: String]

  /// A renaming by the given rules.
  public init(_ rules: [Rule] = [], exact: [String: String] = [:]) {
    self.rules = rules
    self.exact = exact
  }

  /// Keys stay as they are.
  public static let none = KeyRenaming([])

  /// A file in OpenCLIP's own naming (`visual.`, `transformer.resblocks.` ...), with or without `model.` before it.
  ///
  /// The text tower's bare names are moved as well: left alone, its `transformer.` would fall among the keys of the
  /// background recovery transformer. Keys that carry the full prefix already are not touched.
  public static let openCLIP: KeyRenaming = {
    let textTower = [
      "transformer.resblocks.", "token_embedding.", "positional_embedding", "ln_final.",
      "text_projection",
      "logit_scale",
    ]
    var rules: [Rule] = []
    for outer in ["model.", ""] {
      rules.append(Rule(outer + "visual.", CheckpointSection.imageEncoder.prefix))
      for name in textTower { rules.append(Rule(outer + name, CheckpointSection.textTower.prefix + name)) }
    }
    return KeyRenaming(rules)
  }()

  /// The new name of a key.
  public func callAsFunction(_ key: String) -> String {
    if let name = exact[key] { return name }
    for rule in rules where key.utf8.starts(with: rule.prefix.utf8) {
      return rule.replacement
        + String(decoding: key.utf8.dropFirst(rule.prefix.utf8.count), as: UTF8.self)
    }
    return key
  }
}
