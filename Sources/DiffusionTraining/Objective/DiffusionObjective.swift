// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// What a denoising network learns: to predict, from a noisy latent, its noise or its velocity.
public struct DiffusionObjective: Sendable {
  /// How much the loss of a timestep counts, by its ratio of signal to noise `s = abar / (1 - abar)`.
  public enum Weighting: Sendable, Hashable, Codable {
    /// All timesteps alike.
    case none
    /// Min-SNR (Hang et al. 2023): `min(s, gamma) / s` for noise, `min(s, gamma) / (s + 1)` for velocity. 5 is usual.
    case minSNR(gamma: Double)
  }

  /// The noise of each timestep.
  public let schedule: NoiseSchedule
  /// What is predicted.
  public let prediction: PredictionType
  /// How timesteps count.
  public let weighting: Weighting

  /// An objective.
  public init(schedule: NoiseSchedule, prediction: PredictionType, weighting: Weighting = .none) {
    self.schedule = schedule
    self.prediction = prediction
    self.weighting = weighting
  }

  /// The noisy latent `sqrt(abar) z + sqrt(1 - abar) noise` (Ho et al. 2020).
  ///
  /// - Parameters:
  ///   - latent: scaled, `[1, h, w, C]`.
  ///   - noise: standard normal, of the latent's shape.
  ///   - timestep: a timestep of the schedule.
  /// - Throws: `BackendError`.
  public func noisy(_ latent: Tensor, noise: Tensor, timestep: Int) throws -> Tensor {
    let weights = schedule.noisingWeights(at: timestep)
    return try latent * Float(weights.image) + noise * Float(weights.noise)
  }

  /// What the network shall predict: the noise, or `sqrt(abar) noise - sqrt(1 - abar) z` (Salimans and Ho 2022).
  ///
  /// - Throws: `BackendError`.
  public func target(_ latent: Tensor, noise: Tensor, timestep: Int) throws -> Tensor {
    switch prediction {
    case .eps: return noise
    case .v:
      let weights = schedule.velocityWeights(at: timestep)
      return try noise * Float(weights.noise) + latent * Float(weights.image)
    }
  }

  /// The factor of a timestep's loss.
  public func weight(at timestep: Int) -> Double {
    guard case .minSNR(let gamma) = weighting else { return 1 }
    let abar = schedule.abar[timestep]
    let ratio = abar / (1 - abar)
    return switch prediction {
    case .eps: min(ratio, gamma) / ratio
    case .v: min(ratio, gamma) / (ratio + 1)
    }
  }

  /// The loss of one sample: the weighted mean squared error, `[1]`.
  ///
  /// - Throws: `BackendError`.
  public func loss(_ predicted: Tensor, target: Tensor, timestep: Int) throws -> Tensor {
    let error = try Loss.meanSquaredError(predicted, target)
    let weight = weight(at: timestep)
    return weight == 1 ? error : try error * Float(weight)
  }

  /// The mean over a batch of the weighted losses of its rows, each with its own timestep, `[1]`.
  ///
  /// - Parameter timesteps: one for each row of `predicted` `[B, h, w, C]`.
  /// - Throws: `BackendError`.
  public func loss(_ predicted: Tensor, target: Tensor, timesteps: [Int]) throws -> Tensor {
    let rows = predicted.shape[0]
    precondition(timesteps.count == rows, "\(timesteps.count) timesteps for \(rows) rows")
    let weights = timesteps.map { weight(at: $0) }
    if weights.allSatisfy({ $0 == weights[0] }) {
      let error = try Loss.meanSquaredError(predicted, target)
      return weights[0] == 1 ? error : try error * Float(weights[0])
    }
    let difference = try predicted - target
    let count = predicted.shape.elementCount / max(rows, 1)
    let errors = try (difference * difference).reshaped([rows, count]).mean().reshaped([rows])
    return try (errors * Tensor(weights.map(Float.init), shape: [rows], on: predicted.backend)).mean()
  }

  /// The same with a weight for each place: of each row the weighted mean of its squared errors.
  ///
  /// - Parameter places: `[B, h, w, 1]`, not negative, and not zero everywhere in a row.
  /// - Throws: `BackendError`.
  public func loss(_ predicted: Tensor, target: Tensor, timesteps: [Int], places: Tensor) throws -> Tensor {
    let (rows, channels) = (predicted.shape[0], predicted.shape[3])
    let count = predicted.shape.elementCount / max(rows, 1)
    precondition(timesteps.count == rows, "\(timesteps.count) timesteps for \(rows) rows")
    let difference = try predicted - target
    let errors = try (difference * difference * places).reshaped([rows, count]).sum().reshaped([rows])
    let totals = try places.reshaped([rows, count / channels]).sum().reshaped([rows]).floats()
    let factors = zip(timesteps, totals).map { Float(weight(at: $0)) / ($1 * Float(channels)) }
    return try (errors * Tensor(factors, shape: [rows], on: predicted.backend)).mean()
  }

  /// Noise with an offset that all pixels of a channel share, so that the network learns to change a picture's mean
  /// (Guttenberg 2023): `noise + strength * offset`.
  ///
  /// - Parameters:
  ///   - noise: standard normal, `[B, h, w, C]`.
  ///   - offset: standard normal, `[B, 1, 1, C]`.
  /// - Throws: `BackendError`.
  public static func offsetNoise(_ noise: Tensor, offset: Tensor, strength: Float) throws -> Tensor {
    try noise + offset * strength
  }
}
