// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A denoiser whose clean latent is drawn towards the colours of hints, in their areas.
///
/// With x0 the clean latent that the network sees, D and E the autoencoder's ways:
/// - The first x0 of a run is decoded, and the hinted areas recoloured; the target is `T = x0 + E(R(D(x0))) - E(D(x0))`,
///   which is x0 where nothing is hinted, and takes the place of it.
/// - From then on `x0 + w B(T - x0)`, where B is the mean over the hinted ones of nine neighbouring positions, so that the
///   network's own detail stays, and `w = m sigma^2 / (sigma^2 + 0.1^2)` with m the position's hinted share: the colours are
///   held as long as there is noise enough for the network to change them, and it ends by itself.
///
/// A model of one step so paints what it would have painted in other colours, and one of many paints on what it is given.
final class HintedDenoiser<Base: Denoiser>: Denoiser {
  private let base: Base
  private let areas: HintedAreas
  private let strength: Float
  private let network: Conditioning
  private let tiling: VAETiling
  private let shares: [Float]
  /// How far recolouring counts at each position of the latent.
  private let reach: [Float]
  /// The sigma at which the weight is a half. At 0.4, where a run of few steps has its last but one, the built-in model would
  /// still go back to the reference's colours.
  private let fading = 0.1
  /// T of all pictures, once there is one.
  private var target: [Float]?

  var schedule: NoiseSchedule { base.schedule }
  var predictionType: PredictionType { base.predictionType }

  /// - Parameter strength: how far hinted areas move to their colours, 0...1.
  init(_ base: Base, areas: HintedAreas, strength: Float, network: Conditioning, tiling: VAETiling) {
    self.base = base
    self.areas = areas
    self.strength = strength
    self.network = network
    self.tiling = tiling
    shares = areas.shares(factor: network.configuration.latentFactor)
    reach = areas.reach(factor: network.configuration.latentFactor)
  }

  func prediction(_ x: Tensor, timestep: Double) throws -> Tensor {
    let predicted = try base.prediction(x, timestep: timestep)
    let sigma = schedule.sigma(at: timestep)
    let signal = 1 / (sigma * sigma + 1).squareRoot()
    let weights = predictionType.x0Weights(signal: signal, noise: sigma * signal)
    let clean = try x * Float(weights.latent) + predicted * Float(weights.prediction)
    let change: [Float]
    if let target {
      let weight = sigma * sigma / (sigma * sigma + fading * fading)
      change = try pull(clean.floats(), to: target, channels: clean.shape[3], weight: Float(weight))
    } else {
      change = try recoloring(clean)
      target = zip(try clean.floats(), change).map { $0 + $1 }
    }
    // x0 follows the prediction by this factor.
    return try predicted + Tensor(change, shape: clean.shape, on: clean.backend) * Float(1 / weights.prediction)
  }

  /// What recolouring changes about clean latents.
  private func recoloring(_ clean: Tensor) throws -> [Float] {
    var change: [Float] = []
    change.reserveCapacity(clean.shape.elementCount)
    for picture in 0..<clean.shape[0] {
      try Task.checkCancellation()
      let painting = try network.decode(clean.sliced(axis: 0, picture..<picture + 1), tiling: tiling)
      let recolored = areas.recolored(try painting.floats(), strength: strength)
      let (before, after) = try (
        network.meanLatent(of: painting, tiling: tiling),
        network.meanLatent(of: Tensor(recolored, shape: painting.shape, on: painting.backend), tiling: tiling)
      )
      let channels = clean.shape[3]
      change += try (after - before).floats().enumerated().map { $1 * reach[$0 / channels] }
    }
    return change
  }

  /// What draws clean latents towards the target.
  private func pull(_ clean: [Float], to target: [Float], channels: Int, weight: Float) -> [Float] {
    let factor = network.configuration.latentFactor
    let (columns, rows) = (areas.width / factor, areas.height / factor)
    var change = [Float](repeating: 0, count: clean.count)
    for picture in 0..<clean.count / (columns * rows * channels) {
      for y in 0..<rows {
        for x in 0..<columns where shares[y * columns + x] > 0 {
          var whole: Float = 0
          let start = (picture * rows * columns + y * columns + x) * channels
          for ny in max(y - 1, 0)...min(y + 1, rows - 1) {
            for nx in max(x - 1, 0)...min(x + 1, columns - 1) {
              let share = shares[ny * columns + nx]
              let neighbor = (picture * rows * columns + ny * columns + nx) * channels
              whole += share
              for c in 0..<channels { change[start + c] += share * (target[neighbor + c] - clean[neighbor + c]) }
            }
          }
          for c in 0..<channels { change[start + c] *= weight * shares[y * columns + x] / whole }
        }
      }
    }
    return change
  }
}
