// SPDX-License-Identifier: Apache-2.0

/// A run of a sampler: the model, where it starts, whose noise it takes and whom it tells.
///
/// It cannot be kept: what it tells is there for the time of the run only.
public struct SamplingRun: ~Copyable {
  /// The model with its guidance.
  public let denoiser: any Denoiser
  /// Initial noise of unit variance, `[B, h, w, C]`.
  public let noise: Tensor
  /// How many steps were asked for, in the sampler's ``Sampler/stepRange``.
  public let stepCount: Int
  /// The spacing that was asked for, or what the sampler prefers.
  public let schedule: SigmaSchedule
  /// `stepCount + 1` sigmas that fall and end in 0; empty for a sampler with a spacing of its own.
  public let sigmas: [Double]
  var source: any NoiseSource
  let observer: SamplingObserver

  /// A step from one sigma to the next.
  public struct Step: Sendable, Hashable {
    /// Counted from 0.
    public let index: Int
    /// Where it begins, above 0.
    public let sigma: Double
    /// Where it leads; 0 in the last step.
    public let next: Double
  }

  /// The steps between ``sigmas``.
  public var steps: [Step] {
    zip(sigmas, sigmas.dropFirst()).enumerated().map { Step(index: $0, sigma: $1.0, next: $1.1) }
  }

  /// The noisy latent that sampling starts from in sigma space.
  ///
  /// - Parameter sigma: the deviation of its noise; nil for the first of ``sigmas``, or, if there are none, the process's
  ///   largest.
  public func start(sigma: Double? = nil) throws -> Tensor {
    try noise * Float(sigma ?? sigmas.first ?? denoiser.schedule.sigmaMax)
  }

  /// Draws noise like `x` `[B, h, w, C]`, in the order `[B, C, h, w]` that other tools draw it in.
  ///
  /// - Throws: ``NoiseError``, ``BackendError``.
  public mutating func drawNoise(like x: Tensor) throws -> Tensor { try source.noise(like: x) }

  /// Tells that a step is done.
  ///
  /// - Parameters:
  ///   - completed: how many are, from 1.
  ///   - total: how many there are.
  ///   - denoised: the clean latent as the model saw it in that step.
  /// - Throws: what ends the run.
  public func report(_ completed: Int, of total: Int, denoised: Tensor) throws {
    try observer(SamplingStep(completed: completed, total: total, denoised: denoised))
  }

  /// Tells that a step of ``steps`` is done.
  ///
  /// - Throws: what ends the run.
  public func report(_ step: Step, denoised: Tensor) throws {
    try report(step.index + 1, of: sigmas.count - 1, denoised: denoised)
  }
}

extension NoiseSource {
  /// Noise like `x` `[B, h, w, C]`, drawn in the order `[B, C, h, w]` that other tools draw it in.
  public mutating func noise(like x: Tensor) throws -> Tensor {
    let shape = [x.shape[0], x.shape[3], x.shape[1], x.shape[2]]
    return try Tensor(normals(shape: shape), shape: Shape(shape), on: x.backend).transposed(0, 2, 3, 1).contiguous()
  }
}
