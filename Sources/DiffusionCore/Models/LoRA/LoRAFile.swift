// SPDX-License-Identifier: Apache-2.0

/// A file of additions to a model: low-rank branches of its cross-attentions, and differences of other weights.
///
/// Keys are those of a checkpoint:
///
/// | key | what it adds |
/// | --- | --- |
/// | `MODULE.lora_down_fg.weight` `[r, in]`, `MODULE.lora_up_fg.weight` `[out, r]`, or `_bg` | `up(down(x))` beside what the model's own branch adds |
/// | `KEY.diff` | to the weight of that key |
/// | any other key of a checkpoint | a weight that the model may lack; where it has it, the difference of both is added |
///
/// Applied with a scale s, `up` and differences are multiplied by s. Several files add up, in any order.
public struct LoRAFile: Sendable {
  /// A branch of a module.
  struct Branch: Sendable {
    /// Such as `model.diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_q`.
    let module: String
    let branch: LoRABranch
    let down: String
    let up: String
    let rank: Int
    let inputs: Int
    let outputs: Int
  }

  /// The file.
  public let file: SafetensorsFile
  /// The branches, by key.
  let branches: [Branch]
  /// The keys of weights whose differences the file holds.
  let differences: [String]
  /// The keys of weights that the file holds themselves.
  let weights: [String]

  /// What stands behind the key of a weight whose difference is meant.
  package static let differenceSuffix = ".diff"

  /// Sorts what a file holds.
  ///
  /// - Throws: ``LoRAError`` for a branch that is not whole, or a file that holds none and no difference.
  public init(_ file: SafetensorsFile) throws(LoRAError) {
    self.file = file
    var branches: [Branch] = []
    var (differences, weights): ([String], [String]) = ([], [])
    for key in file.keys {
      if let (module, branch) = Self.branch(ofDown: key) {
        branches.append(try Self.branch(module, branch, in: file))
      } else if let down = Self.down(ofUp: key) {
        guard file[down] != nil else { throw .incomplete(file: file.name, key: key, other: down) }
      } else if key.hasSuffix(Self.differenceSuffix) {
        differences.append(String(key.dropLast(Self.differenceSuffix.count)))
      } else {
        weights.append(key)
      }
    }
    // A checkpoint has branches of its own, which would act twice.
    let isModel = weights.contains(CheckpointSection.unet.prefix + "time_embed.0.weight")
    guard !isModel, !branches.isEmpty || !differences.isEmpty else {
      throw .noAdditions(file: file.name, isCheckpoint: weights.contains { CheckpointSection(key: $0) == .unet })
    }
    self.branches = branches
    self.differences = differences
    self.weights = weights
  }

  /// Opens a file.
  ///
  /// - Throws: ``WeightError``, and as ``init(_:)``.
  public init(path: String) throws { try self.init(SafetensorsFile(path: path)) }

  /// Whether a file's names are those of additions, and of no checkpoint.
  public static func resembles(_ file: any WeightFile) -> Bool {
    var additions = 0
    for key in file.keys {
      if branch(ofDown: key) != nil || down(ofUp: key) != nil || key.hasSuffix(differenceSuffix) {
        additions += 1
      } else if let section = CheckpointSection(key: key), section == .unet || section == .vae {
        return false
      }
    }
    return additions > 0
  }

  /// The ranks of its branches; nil where it has none of that kind.
  public var ranks: (foreground: LoRARank?, background: LoRARank?) { (rank(of: .foreground), rank(of: .background)) }

  /// The keys of the weights that it changes, the branches' own among them.
  public var keys: [String] { branches.flatMap { [$0.down, $0.up] } + differences + weights }

  /// The rank of all branches of a kind: one rank, or one fraction of the narrower side, that gives each its own; else
  /// the largest, and narrower branches are filled up with zeros.
  func rank(of kind: LoRABranch) -> LoRARank? {
    let own = branches.filter { $0.branch == kind }
    guard let largest = own.map(\.rank).max() else { return nil }
    if own.allSatisfy({ $0.rank == largest }) { return .rank(largest) }
    for branch in own {
      // The middle of the fractions that give this rank.
      let fraction = (Double(branch.rank) + 0.5) / Double(min(branch.inputs, branch.outputs))
      guard fraction <= 1 else { continue }
      for candidate in [fraction, (fraction * 64).rounded() / 64] {
        let rank = LoRARank.fraction(candidate)
        if own.allSatisfy({ rank.value(inputs: $0.inputs, outputs: $0.outputs) == $0.rank }) { return rank }
      }
    }
    return .rank(largest)
  }

  private static let names: [(LoRABranch, String)] = [(.foreground, "fg"), (.background, "bg")]

  private static func branch(ofDown key: String) -> (module: String, LoRABranch)? {
    for (branch, name) in names {
      let ending = ".lora_down_\(name).weight"
      if key.hasSuffix(ending) { return (String(key.dropLast(ending.count)), branch) }
    }
    return nil
  }

  private static func down(ofUp key: String) -> String? {
    for (_, name) in names {
      let ending = ".lora_up_\(name).weight"
      if key.hasSuffix(ending) { return "\(key.dropLast(ending.count)).lora_down_\(name).weight" }
    }
    return nil
  }

  private static func branch(_ module: String, _ kind: LoRABranch, in file: SafetensorsFile) throws(LoRAError) -> Branch
  {
    let name = kind == .foreground ? "fg" : "bg"
    let (down, up) = ("\(module).lora_down_\(name).weight", "\(module).lora_up_\(name).weight")
    guard let upEntry = file[up] else { throw .incomplete(file: file.name, key: down, other: up) }
    guard let downEntry = file[down], downEntry.shape.count == 2, upEntry.shape.count == 2,
      downEntry.shape[0] == upEntry.shape[1], (1...8192).contains(downEntry.shape[0])
    else {
      throw .misshaped(
        file: file.name, key: up, found: upEntry.shape,
        expected: "[out, r], where \(down) is [r, in] and r is 1 to 8192")
    }
    return Branch(
      module: module, branch: kind, down: down, up: up, rank: downEntry.shape[0], inputs: downEntry.shape[1],
      outputs: upEntry.shape[0])
  }
}
