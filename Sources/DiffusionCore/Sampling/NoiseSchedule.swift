// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The forward process of latent diffusion, tabulated over its timesteps 0..<count.
///
/// `beta_t = linspace(sqrt(linear_start), sqrt(linear_end), timesteps)^2`, `abar = cumprod(1 - beta)`,
/// `sigma = sqrt((1 - abar) / abar)`. Between timesteps sigma is linear in log sigma, and t is not rounded: the rule
/// of k-diffusion's `DiscreteSchedule`.
public struct NoiseSchedule: Sendable, Equatable {
  /// In which precision betas and abar are made.
  ///
  /// sigma at a small t hangs on 1 - abar, where a rounding of abar to float is visible (1e-5 of sigma). Two families
  /// of tools round at different places, and samples are compared with both.
  public enum Precision: Sendable, Hashable {
    /// As latent diffusion and k-diffusion: betas and abar in double; only sigma is made of abar rounded to float,
    /// which is how a checkpoint's buffer holds it.
    case double
    /// As diffusers: betas, their line and abar are floats (the product runs in double, as PyTorch's does).
    case single
  }

  /// The configuration that this was made from.
  public let configuration: ScheduleConfiguration
  /// The precision that this was made in.
  public let precision: Precision
  /// The variance that step t adds, in (0, 1).
  public let betas: [Double]
  /// abar, the share of the image's variance that is left at t, in (0, 1), falling.
  public let abar: [Double]
  /// sqrt(abar), what q_sample multiplies the image by.
  package let sqrtAbar: [Double]
  /// sqrt(1 - abar), what q_sample multiplies the noise by.
  package let sqrtOneMinusAbar: [Double]
  /// sigma = sqrt((1 - abar) / abar), rising.
  public let sigmas: [Double]
  /// The natural logarithm of `sigmas`.
  package let logSigmas: [Double]

  /// Tabulates the process.
  ///
  /// - Throws: `ScheduleError.invalidConfiguration` as `ScheduleConfiguration.validate()`, and if the last sigma is
  ///   not finite or sigma does not rise (betas so small that they vanish in float).
  public init(
    _ configuration: ScheduleConfiguration = ScheduleConfiguration(), precision: Precision = .double
  ) throws(ScheduleError) {
    try configuration.validate()
    let (betas, abar) = Self.tables(configuration, precision: precision)
    let sigmas = abar.map { abar in
      let stored = Double(Float(abar))
      return ((1 - stored) / stored).squareRoot()
    }
    // Logarithms and the interpolation between them need a rising row of positive, finite sigmas.
    guard let first = sigmas.first, first > 0, let last = sigmas.last, last.isFinite,
      zip(sigmas, sigmas.dropFirst()).allSatisfy({ $0 < $1 })
    else {
      throw .invalidConfiguration("its sigmas do not rise from above 0 to a finite value")
    }
    self.configuration = configuration
    self.precision = precision
    self.betas = betas
    self.abar = abar
    self.sqrtAbar = abar.map { $0.squareRoot() }
    self.sqrtOneMinusAbar = abar.map { (1 - $0).squareRoot() }
    self.sigmas = sigmas
    self.logSigmas = sigmas.map { log($0) }
  }

  private static func tables(
    _ configuration: ScheduleConfiguration, precision: Precision
  ) -> (betas: [Double], abar: [Double]) {
    let start = configuration.linearStart.squareRoot()
    let end = configuration.linearEnd.squareRoot()
    let count = configuration.timesteps
    var product = 1.0
    switch precision {
    case .double:
      let betas = linspace(start, end, count: count).map { $0 * $0 }
      return (
        betas,
        betas.map { beta in
          product *= 1 - beta; return product
        }
      )
    case .single:
      // torch.linspace runs from either end to the middle, and its multiply-adds are fused.
      let (first, last) = (Float(start), Float(end))
      let step = (last - first) / Float(count - 1)
      let betas = (0..<count).map { index in
        let root =
          index < count / 2
          ? first.addingProduct(step, Float(index)) : last.addingProduct(-step, Float(count - 1 - index))
        return root * root
      }
      return (
        betas.map(Double.init),
        betas.map { beta in
          product *= Double(1 - beta); return Double(Float(product))
        }
      )
    }
  }
}

extension NoiseSchedule {
  /// The number of timesteps.
  public var count: Int { sigmas.count }

  /// The last timestep, `count - 1`, as a number on the continuous axis.
  public var lastTimestep: Double { Double(count - 1) }

  /// sigma at timestep 0, the smallest.
  public var sigmaMin: Double { sigmas[0] }

  /// sigma at the last timestep, the largest.
  public var sigmaMax: Double { sigmas[count - 1] }

  /// sigma at a timestep that may be fractional, linear in log sigma.
  ///
  /// - Parameter t: clamped to 0...lastTimestep; NaN gives NaN.
  public func sigma(at t: Double) -> Double {
    guard !t.isNaN else { return .nan }
    let clamped = min(max(t, 0), lastTimestep)
    let low = Int(clamped)
    let fraction = clamped - Double(low)
    guard fraction > 0 else { return sigmas[low] }
    return exp((1 - fraction) * logSigmas[low] + fraction * logSigmas[low + 1])
  }

  /// The timestep, not rounded, at which sigma has a value: the inverse of `sigma(at:)`.
  ///
  /// - Parameter sigma: clamped to sigmaMin...sigmaMax; NaN gives NaN.
  public func timestep(forSigma sigma: Double) -> Double {
    guard !sigma.isNaN else { return .nan }
    let target = log(min(max(sigma, sigmaMin), sigmaMax))
    var low = 0
    var high = count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if logSigmas[middle] <= target { low = middle } else { high = middle }
    }
    let fraction = (target - logSigmas[low]) / (logSigmas[high] - logSigmas[low])
    return Double(low) + min(max(fraction, 0), 1)
  }

  /// The denoiser's multipliers at a sigma: see `PredictionType.coefficients(sigma:)`.
  public func coefficients(for type: PredictionType, sigma: Double) -> DenoiserCoefficients {
    type.coefficients(sigma: sigma)
  }

  /// The multipliers of q_sample at timestep t: `x_t = image * x0 + noise * eps`.
  ///
  /// - Parameter t: 0..<count.
  public func noisingWeights(at t: Int) -> (image: Double, noise: Double) {
    (sqrtAbar[t], sqrtOneMinusAbar[t])
  }

  /// The multipliers of the velocity at timestep t: `v = image * x0 + noise * eps`, that is
  /// `v = sqrt(abar) eps - sqrt(1 - abar) x0`.
  ///
  /// - Parameter t: 0..<count.
  public func velocityWeights(at t: Int) -> (image: Double, noise: Double) {
    (-sqrtOneMinusAbar[t], sqrtAbar[t])
  }
}

/// `count` numbers from `start` to `end`, evenly spaced, both ends exact; `[start]` if `count` is 1.
func linspace(_ start: Double, _ end: Double, count: Int) -> [Double] {
  guard count > 1 else { return count == 1 ? [start] : [] }
  let step = (end - start) / Double(count - 1)
  return (0..<count).map { $0 == count - 1 ? end : start + step * Double($0) }
}
