// SPDX-License-Identifier: Apache-2.0

/// What the network predicts, and how a prediction becomes a denoised image.
///
/// With x the noisy latent, x0 the clean one and eps the noise: `x = a x0 + s eps` where `a = sqrt(abar)` and
/// `s = sqrt(1 - abar)`. In sigma space the latent is `x / a = x0 + sigma eps` with `sigma = s / a`.
public enum PredictionType: String, Sendable, Hashable, CaseIterable, Codable {
  /// The velocity `v = a eps - s x0` (T. Salimans, J. Ho, "Progressive distillation for fast sampling of diffusion
  /// models", ICLR 2022).
  case v
  /// The noise eps (J. Ho, A. Jain, P. Abbeel, "Denoising diffusion probabilistic models", NeurIPS 2020).
  case eps

  /// Finds the type by one of its names: "v" or "v_prediction", "eps" or "epsilon", in any case.
  ///
  /// - Throws: `ScheduleError.unknownName`.
  public init(named name: String) throws(ScheduleError) {
    switch name.lowercased() {
    case "v", "v_prediction": self = .v
    case "eps", "epsilon": self = .eps
    default: throw .unknownName(name, allowed: ["v", "v_prediction", "eps", "epsilon"])
    }
  }

  /// Decodes one of the names that `init(named:)` takes; encoding writes the short one.
  ///
  /// - Throws: `DecodingError.dataCorrupted` for another name.
  public init(from decoder: any Decoder) throws {
    self = try decoder.value(named: { name throws(ScheduleError) in try Self(named: name) })
  }
}

/// The multipliers of a preconditioned denoiser in sigma space (T. Karras et al., "Elucidating the design space of
/// diffusion-based generative models", NeurIPS 2022, equation 7).
public struct DenoiserCoefficients: Sendable, Hashable {
  /// c_skip, what the noisy latent is multiplied by.
  public let skip: Double
  /// c_out, what the network's output is multiplied by.
  public let out: Double
  /// c_in, what the noisy latent is multiplied by before it enters the network.
  public let `in`: Double
}

/// A linear combination of the noisy latent and a prediction for it: `latent * x + prediction * p`.
public struct PredictionWeights: Sendable, Hashable {
  /// What the noisy latent is multiplied by.
  public let latent: Double
  /// What the network's (guided) prediction is multiplied by.
  public let prediction: Double
}

extension PredictionType {
  /// The multipliers with which `denoised = skip * x + out * network(in * x, t(sigma))` for x in sigma space.
  ///
  /// v: skip = 1 / (sigma^2 + 1), out = -sigma / sqrt(sigma^2 + 1). eps: skip = 1, out = -sigma. Both:
  /// in = 1 / sqrt(sigma^2 + 1). The rules of k-diffusion's `VDenoiser` and `EpsDenoiser`.
  ///
  /// - Parameter sigma: at least 0.
  public func coefficients(sigma: Double) -> DenoiserCoefficients {
    let scale = 1 / (sigma * sigma + 1).squareRoot()
    return switch self {
    case .v: DenoiserCoefficients(skip: scale * scale, out: -sigma * scale, in: scale)
    case .eps: DenoiserCoefficients(skip: 1, out: -sigma, in: scale)
    }
  }

  /// The multipliers that give x0 of a latent `x = a x0 + s eps` and the prediction for it.
  ///
  /// v: `x0 = a x - s v`. eps: `x0 = (x - s eps) / a`.
  ///
  /// - Parameters:
  ///   - signal: a = sqrt(abar), in (0, 1].
  ///   - noise: s = sqrt(1 - abar), in [0, 1).
  public func x0Weights(signal: Double, noise: Double) -> PredictionWeights {
    switch self {
    case .v: PredictionWeights(latent: signal, prediction: -noise)
    case .eps: PredictionWeights(latent: 1 / signal, prediction: -noise / signal)
    }
  }

  /// The multipliers that give eps of a latent `x = a x0 + s eps` and the prediction for it.
  ///
  /// v: `eps = s x + a v`. eps: the prediction itself.
  ///
  /// - Parameters: as `x0Weights(signal:noise:)`.
  public func epsWeights(signal: Double, noise: Double) -> PredictionWeights {
    switch self {
    case .v: PredictionWeights(latent: noise, prediction: signal)
    case .eps: PredictionWeights(latent: 0, prediction: 1)
    }
  }
}
