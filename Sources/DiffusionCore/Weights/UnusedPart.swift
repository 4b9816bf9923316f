// SPDX-License-Identifier: Apache-2.0

/// A part of a checkpoint that is known and that a model does not read.
public struct UnusedPart: Sendable, Hashable {
  /// The key, or the beginning of the keys up to and without a dot.
  public let prefix: String
  /// Why it is not read, for the load report.
  public let reason: String

  /// A part of the given name.
  public init(prefix: String, reason: String) {
    self.prefix = prefix
    self.reason = reason
  }

  /// Tables of the noise schedule, which PyTorch saves as buffers and which are computed anew from the configuration.
  public static let scheduleBuffers = [
    "betas", "alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod",
    "log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod", "sqrt_recipm1_alphas_cumprod", "posterior_variance",
    "posterior_log_variance_clipped", "posterior_mean_coef1", "posterior_mean_coef2", "lvlb_weights", "logvar",
    "scale_factor",
  ].map { UnusedPart(prefix: $0, reason: "schedule buffers, computed anew") }

  /// What only training uses: moving averages of the weights and the loss of the VAE.
  public static let trainingState = [
    UnusedPart(prefix: "model_ema", reason: "moving averages, used in training only"),
    UnusedPart(prefix: CheckpointSection.vae.prefix + "loss", reason: "loss of the VAE, used in training only"),
  ]

  /// The text tower, which only text manipulation uses.
  public static let textTower = [
    UnusedPart(prefix: CheckpointSection.textTower.root, reason: "text tower, used for text manipulation only")
  ]

  /// Whether the key is the prefix itself or lies below it: `betas` is no beginning of `betas_scaled`.
  func contains(_ key: String) -> Bool {
    let key = key.utf8
    let prefix = self.prefix.utf8
    guard key.starts(with: prefix) else { return false }
    let rest = key.dropFirst(prefix.count)
    return rest.isEmpty || prefix.isEmpty || prefix.last == UInt8(ascii: ".") || rest.first == UInt8(ascii: ".")
  }
}
