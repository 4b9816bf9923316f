// SPDX-License-Identifier: Apache-2.0

/// A way from noise to a picture: a name, what can be asked of it, and the function that does it.
///
/// Most of those that are here follow k-diffusion and work on sigmas (`x = x0 + sigma * noise`); DDIM, PNDM, the
/// multistep solver and a second LMS follow the diffusers library, with its own timesteps. ``SamplerRegistry`` finds them
/// by name, and takes further ones.
///
/// Two samplers are equal if their names are.
public struct Sampler: Sendable {
  /// Runs a sampler to its end and returns the clean latent, `[B, h, w, C]`.
  public typealias Function = @Sendable (_ run: inout SamplingRun) throws -> Tensor

  /// Where the steps of a sampler stand.
  public enum Spacing: Sendable, Hashable {
    /// On the sigmas of the spacing that it is asked for: ``SamplingRun/sigmas``.
    ///
    /// - Parameters:
    ///   - preferring: what `automatic` is.
    ///   - discardsNextToLast: whether the last sigma before the 0 is left out, for samplers that do badly on so small a
    ///     last step.
    case sigmas(preferring: SigmaSchedule = .normal, discardsNextToLast: Bool = false)
    /// Where the sampler itself places them.
    ///
    /// - Parameter knowsKarras: whether it spaces them after Karras where it is asked to.
    case own(knowsKarras: Bool = false)
  }

  /// What it is called in files and on the command line: lower case, words joined by `_`.
  public let name: String
  /// Other names that stand for it.
  public let aliases: [String]
  /// The numbers of steps that it can be asked for.
  public let stepRange: ClosedRange<Int>
  /// Where its steps stand.
  public let spacing: Spacing
  /// Whether noise is drawn while sampling, besides the initial noise.
  public let isStochastic: Bool
  private let stepLimit: (@Sendable (_ timesteps: Int, _ isKarras: Bool) -> Int)?
  private let function: Function

  /// A sampler.
  ///
  /// - Parameters:
  ///   - name: lower case, words joined by `_`.
  ///   - aliases: other names that stand for it.
  ///   - steps: the numbers of steps that it can be asked for, whatever the model.
  ///   - stepLimit: the most steps that it takes with a model of so many timesteps; nil if they do not bound it.
  ///   - spacing: where its steps stand.
  ///   - isStochastic: whether it asks for noise, ``SamplingRun/drawNoise(like:)``.
  ///   - function: does it.
  public init(
    _ name: String, aliases: [String] = [], steps: ClosedRange<Int> = SigmaSchedule.stepRange,
    stepLimit: (@Sendable (_ timesteps: Int, _ isKarras: Bool) -> Int)? = nil, spacing: Spacing = .sigmas(),
    isStochastic: Bool = false, function: @escaping Function
  ) {
    self.name = name
    self.aliases = aliases
    self.stepRange = steps
    self.stepLimit = stepLimit
    self.spacing = spacing
    self.isStochastic = isStochastic
    self.function = function
  }

  /// The spacing that the sampler asks for.
  public var preferredSchedule: SigmaSchedule {
    switch spacing {
    case .sigmas(let preference, _): preference
    case .own: .normal
    }
  }

  /// The spacing that a run really has where it is asked for `schedule`; nil where the sampler has one of its own, which
  /// has no name here.
  public func resolvedSchedule(_ schedule: SigmaSchedule) -> SigmaSchedule? {
    let wanted = schedule.resolved(preferring: preferredSchedule)
    return switch spacing {
    case .sigmas: wanted
    case .own(let knowsKarras): knowsKarras && wanted == .karras ? .karras : nil
    }
  }

  /// The most steps that it takes with a model of so many timesteps; may be below ``stepRange``, if it takes none.
  public func mostSteps(timesteps: Int, schedule: SigmaSchedule) -> Int {
    min(stepLimit?(timesteps, resolvedSchedule(schedule) == .karras) ?? .max, stepRange.upperBound)
  }

  /// Runs the sampler from noise to a clean latent.
  ///
  /// - Parameters:
  ///   - denoiser: the model with its guidance.
  ///   - noise: initial noise of unit variance, `[B, h, w, C]`.
  ///   - steps: how many steps, in ``stepRange``.
  ///   - schedule: the spacing; `automatic` is ``preferredSchedule``. A sampler with a spacing of its own ignores it, or
  ///     knows `karras` only.
  ///   - source: where a stochastic sampler's noise comes from, asked for in the shape `[B, C, h, w]`.
  ///   - observer: called after each step.
  /// - Returns: the clean latent, `[B, h, w, C]`.
  /// - Throws: ``ScheduleError``, ``NoiseError``, and what the denoiser and the observer throw.
  public func sample(
    _ denoiser: some Denoiser, noise: Tensor, steps: Int, schedule: SigmaSchedule = .automatic,
    source: inout any NoiseSource, observer: SamplingObserver = { _ in }
  ) throws -> Tensor {
    guard stepRange.contains(steps) else { throw ScheduleError.stepsOutOfRange(steps: steps, allowed: stepRange) }
    let wanted = schedule.resolved(preferring: preferredSchedule)
    let sigmas: [Double] =
      switch spacing {
      case .sigmas(_, let discards):
        try wanted.sigmas(steps: steps, schedule: denoiser.schedule, discardNextToLast: discards)
      case .own: []
      }
    return try withoutActuallyEscaping(observer) { observer in
      var run = SamplingRun(
        denoiser: denoiser, noise: noise, stepCount: steps, schedule: wanted, sigmas: sigmas, source: source,
        observer: observer)
      defer { source = run.source }
      return try function(&run)
    }
  }
}

extension Sampler: Hashable {
  public static func == (one: Sampler, other: Sampler) -> Bool { one.name == other.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension Sampler: CustomStringConvertible {
  public var description: String { name }
}
