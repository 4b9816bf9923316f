// SPDX-License-Identifier: Apache-2.0

/// Which low-rank branch of a ``SplitLoRALinear`` is active.
public enum LoRABranch: Sendable, Hashable {
  /// The branch for the foreground of the picture.
  case foreground
  /// The branch for the background of the picture.
  case background
}

/// A pretrained linear layer without bias and two low-rank branches, one for each region of the picture.
///
/// An active branch adds `up(down(x))` (Hu et al. 2021, with the scale folded into the weights). While a model learns, a
/// second pair may stand beside the checkpoint's own, see ``ParameterSource/addedBranch(_:of:inputs:outputs:)``.
public struct SplitLoRALinear: Sendable {
  /// `weight` `[out, in]`
  public let weight: Tensor
  /// `lora_down_fg.weight` `[r, in]` and `lora_up_fg.weight` `[out, r]`
  public let foreground: LowRank?
  /// `lora_down_bg.weight` and `lora_up_bg.weight`
  public let background: LowRank?
  /// Pairs that learn beside those.
  let addedForeground: LowRank?
  let addedBackground: LowRank?

  /// A product of two thin matrices.
  public struct LowRank: Sendable {
    /// `[r, in]`
    public let down: Tensor
    /// `[out, r]`
    public let up: Tensor

    /// A pair of matrices of one rank.
    public init(down: Tensor, up: Tensor) {
      self.down = down
      self.up = up
    }
  }

  /// Loads the weight, and the branches if the configuration has them.
  public init(_ parameters: Parameters, inputs: Int, outputs: Int, lora: LoRAConfiguration?) throws {
    self.weight = try parameters("weight", [outputs, inputs])
    func branch(_ name: String, _ rank: LoRARank) throws -> LowRank {
      let r = rank.value(inputs: inputs, outputs: outputs)
      return LowRank(
        down: try parameters["lora_down_\(name)"]("weight", [r, inputs]),
        up: try parameters["lora_up_\(name)"]("weight", [outputs, r]))
    }
    self.foreground = try lora.map { try branch("fg", $0.foreground) }
    self.background = try lora.map { try branch("bg", $0.background) }
    self.addedForeground = try parameters.addedBranch(.foreground, inputs: inputs, outputs: outputs)
    self.addedBackground = try parameters.addedBranch(.background, inputs: inputs, outputs: outputs)
  }

  /// The pretrained part alone: `[..., in]` to `[..., out]`.
  public func base(_ x: Tensor) throws -> Tensor { try x.linear(weight: weight) }

  /// Adds a branch's `up(down(x))` to what ``base(_:)`` gave; without a branch, gives `base` back.
  public func adding(_ branch: LoRABranch?, of x: Tensor, to base: Tensor) throws -> Tensor {
    let pairs =
      switch branch {
      case .foreground: [foreground, addedForeground]
      case .background: [background, addedBackground]
      case nil: [LowRank?]()
      }
    return try pairs.compactMap { $0 }.reduce(base) { sum, pair in
      try x.linear(weight: pair.down).linear(weight: pair.up, residual: sum)
    }
  }

  /// The layer with a branch active: `[..., in]` to `[..., out]`.
  public func callAsFunction(_ x: Tensor, branch: LoRABranch? = nil) throws -> Tensor {
    try adding(branch, of: x, to: base(x))
  }
}
