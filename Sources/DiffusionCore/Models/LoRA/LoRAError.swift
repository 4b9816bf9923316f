// SPDX-License-Identifier: Apache-2.0

/// What can be wrong with a file of additions to a model.
public enum LoRAError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file holds no branch and no difference.
  case noAdditions(file: String, isCheckpoint: Bool)
  /// A branch has one of its two matrices only.
  case incomplete(file: String, key: String, other: String)
  /// The model has no place for these keys.
  case unmatched(file: String, keys: [String])
  /// A tensor is not of the shape that the model has in its place.
  case misshaped(file: String, key: String, found: [Int], expected: String)
  /// A tensor holds infinities or not-a-numbers, or integers.
  case unusableNumbers(file: String, key: String)
  /// The model lacks weights that the branches need, and the file does not bring them.
  case missing(file: String, keys: [String])
  /// A scale that is no number of use.
  case scaleOutOfRange(file: String, scale: Float)

  public var description: String {
    switch self {
    case .noAdditions(let file, let isCheckpoint):
      isCheckpoint
        ? "\(file): this is a whole model, not additions to one (LoRA); give it with --model"
        : "\(file): it holds no additions to a model (LoRA) of this kind: no key ends in .lora_down_fg.weight, "
          + ".lora_down_bg.weight or .diff"
    case .incomplete(let file, let key, let other):
      "\(file): it holds \(Self.quoted(key)) without \(Self.quoted(other))"
    case .unmatched(let file, let keys):
      "\(file): the model has no place for \(Self.list(keys)); give the model that it was trained on"
    case .misshaped(let file, let key, let found, let expected):
      "\(file): \(Self.quoted(key)) is \(found), expected \(expected); give the model that it was trained on"
    case .unusableNumbers(let file, let key):
      "\(file): \(Self.quoted(key)) holds numbers that cannot be used (infinite, not a number, or no floats)"
    case .missing(let file, let keys):
      "\(file): it adds branches to a model that lacks \(Self.list(keys)), which neither of them has; give the model "
        + "that it was trained on"
    case .scaleOutOfRange(let file, let scale): "\(file): the scale is \(scale), expected -100 to 100"
    }
  }

  private static func quoted(_ key: String) -> String { key.count > 160 ? "\(key.prefix(160))..." : key }

  private static func list(_ keys: [String]) -> String {
    keys.prefix(4).map(quoted).joined(separator: ", ") + (keys.count > 4 ? " and \(keys.count - 4) more" : "")
  }
}

extension LoRAError: CategorizedError {
  public var category: ErrorCategory { .model }
}
