// SPDX-License-Identifier: Apache-2.0

/// A diffusion model as a sampler sees it.
public protocol Denoiser {
  /// The diffusion process.
  var schedule: NoiseSchedule { get }
  /// What ``prediction(_:timestep:)`` gives.
  var predictionType: PredictionType { get }
  /// The prediction, guided, for a latent of unit variance: `x = sqrt(abar) x0 + sqrt(1 - abar) noise`.
  ///
  /// - Parameters:
  ///   - x: `[B, h, w, C]`.
  ///   - timestep: 0...999, may be fractional.
  func prediction(_ x: Tensor, timestep: Double) throws -> Tensor
}

extension Denoiser {
  /// The clean latent that the model sees in `x = x0 + sigma * noise` (k-diffusion's convention).
  public func denoised(_ x: Tensor, sigma: Double) throws -> Tensor {
    let c = predictionType.coefficients(sigma: sigma)
    let predicted = try prediction(x * Float(c.in), timestep: schedule.timestep(forSigma: sigma))
    return try x * Float(c.skip) + predicted * Float(c.out)
  }
}

/// What a sampler reports after each step.
public struct SamplingStep {
  /// How many steps are done, from 1.
  public let completed: Int
  /// How many steps there are.
  public let total: Int
  /// The clean latent as the model sees it now, `[B, h, w, C]`, unit scale.
  public let denoised: Tensor
}

/// Called after each step; throwing ends the run.
public typealias SamplingObserver = (SamplingStep) throws -> Void
