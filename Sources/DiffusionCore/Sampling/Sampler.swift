/// The samplers.
///
/// Most follow k-diffusion and work on sigmas (`x = x0 + sigma * noise`); DDIM, PNDM, the multistep solver and a second
/// LMS follow the diffusers library, with its own timesteps.
public enum Sampler: String, Sendable, Hashable, CaseIterable, Codable {
  /// Euler's method (Karras et al. 2022, algorithm 2 without churn).
  case euler
  /// Euler's method with ancestral noise.
  case eulerAncestral = "euler_a"
  /// Heun's method: two evaluations a step, second order.
  case heun
  /// The linear multistep method of order 4.
  case lms
  /// DPM-Solver-2: two evaluations a step.
  case dpm2
  /// DPM-Solver-2 with ancestral noise.
  case dpm2Ancestral = "dpm2_a"
  /// DPM-Solver++(2S) with ancestral noise: two evaluations a step.
  case dpmpp2SAncestral = "dpmpp_2s_a"
  /// DPM-Solver++ SDE: two evaluations a step.
  case dpmppSDE = "dpmpp_sde"
  /// DPM-Solver++(2M) (Lu et al. 2022): one evaluation a step, second order, deterministic.
  case dpmpp2M = "dpmpp_2m"
  /// DPM-Solver++(2M) SDE, midpoint form.
  case dpmpp2MSDE = "dpmpp_2m_sde"
  /// DPM-Solver++(2M) SDE, Heun form.
  case dpmpp2MSDEHeun = "dpmpp_2m_sde_heun"
  /// DPM-Solver++(3M) SDE.
  case dpmpp3MSDE = "dpmpp_3m_sde"
  /// DPM-Solver with a fixed number of evaluations (Lu et al. 2022) and ancestral noise: steps of order 3, three
  /// evaluations each. Its number of steps is that of evaluations.
  case dpmFast = "dpm_fast"
  /// DPM-Solver of order 3 with ancestral noise and steps as long as their error allows: takes as many as it needs,
  /// whatever it is asked for.
  case dpmAdaptive = "dpm_adaptive"
  /// DDIM (Song et al. 2021), eta 0, as diffusers spaces it.
  case ddim
  /// DPM-Solver++ multistep of order 2 as in diffusers, the default of the published application.
  case dpmSolver = "dpm_solver"
  /// The linear multistep method of order 4 as diffusers spaces it.
  case lmsDiffusers = "lms_diffusers"
  /// PNDM (Liu et al. 2022) as diffusers has it: nine evaluations more than steps.
  case pndm

  /// Finds a sampler by its raw value; case, spaces, `-`, `_` and `+` for `p` do not count.
  ///
  /// - Throws: ``ScheduleError/unknownName(_:allowed:)``.
  public init(named name: String) throws(ScheduleError) {
    func plain(_ text: String) -> String {
      String(text.lowercased().map { $0 == "+" ? "p" : $0 }.filter { !" -_".contains($0) })
    }
    guard let match = Self.allCases.first(where: { plain($0.rawValue) == plain(name) }) else {
      throw .unknownName(name, allowed: Self.allCases.map(\.rawValue))
    }
    self = match
  }

  /// The numbers of steps that it can be asked for.
  public var stepRange: ClosedRange<Int> {
    switch self {
    case .ddim, .dpmSolver, .lmsDiffusers: 1...999
    case .pndm: 4...999
    default: SigmaSchedule.stepRange
    }
  }

  /// The spacing that the sampler asks for.
  public var preferredSchedule: SigmaSchedule {
    switch self {
    case .euler, .eulerAncestral, .heun, .lms, .dpmFast, .dpmAdaptive, .ddim, .dpmSolver, .lmsDiffusers, .pndm:
      .normal
    case .dpm2, .dpm2Ancestral, .dpmpp2SAncestral, .dpmppSDE, .dpmpp2M: .karras
    case .dpmpp2MSDE, .dpmpp2MSDEHeun, .dpmpp3MSDE: .exponential
    }
  }

  /// Whether noise is drawn while sampling, besides the initial noise.
  public var isStochastic: Bool {
    switch self {
    case .eulerAncestral, .dpm2Ancestral, .dpmpp2SAncestral, .dpmppSDE, .dpmpp2MSDE, .dpmpp2MSDEHeun, .dpmpp3MSDE,
      .dpmFast, .dpmAdaptive:
      true
    case .euler, .heun, .lms, .dpm2, .dpmpp2M, .ddim, .dpmSolver, .lmsDiffusers, .pndm: false
    }
  }

  /// Runs the sampler from noise to a clean latent.
  ///
  /// - Parameters:
  ///   - denoiser: the model with its guidance.
  ///   - noise: initial noise of unit variance, `[B, h, w, C]`.
  ///   - steps: how many steps, in ``stepRange``.
  ///   - schedule: the spacing; `automatic` is ``preferredSchedule``. DDIM, PNDM, DPM fast and DPM adaptive ignore it;
  ///     the multistep solver and the second LMS know `karras` and otherwise use their own.
  ///   - source: where a stochastic sampler's noise comes from, asked for in the shape `[B, C, h, w]`.
  ///   - observer: called after each step.
  /// - Returns: the clean latent, `[B, h, w, C]`.
  /// - Throws: ``ScheduleError``, ``NoiseError``, and what the denoiser and the observer throw.
  public func sample(
    _ denoiser: some Denoiser, noise: Tensor, steps: Int, schedule: SigmaSchedule = .automatic,
    source: inout any NoiseSource, observer: SamplingObserver = { _ in }
  ) throws -> Tensor {
    guard stepRange.contains(steps) else { throw ScheduleError.stepsOutOfRange(steps: steps, allowed: stepRange) }
    let spacing = schedule.resolved(preferring: preferredSchedule)
    switch self {
    case .dpmFast:
      let start = try noise * Float(denoiser.schedule.sigmaMax)
      return try sampleDPMFast(denoiser, start, evaluations: steps, source: &source, observer: observer)
    case .dpmAdaptive:
      let start = try noise * Float(denoiser.schedule.sigmaMax)
      return try sampleDPMAdaptive(denoiser, start, source: &source, observer: observer)
    case .pndm: return try samplePNDM(denoiser, noise: noise, steps: steps, observer: observer)
    case .lmsDiffusers:
      let run = try LMSTimesteps(
        steps: steps, schedule: denoiser.schedule.inSinglePrecision(), karras: spacing == .karras)
      let start = try noise * Float(run.initialNoiseSigma)
      return try sampleLMS(denoiser, start, sigmas: run.sigmas, observer: observer)
    case .ddim: return try sampleDDIM(denoiser, noise: noise, steps: steps, observer: observer)
    case .dpmSolver:
      return try sampleDPMSolver(denoiser, noise: noise, steps: steps, karras: spacing == .karras, observer: observer)
    default: break
    }
    let sigmas = try spacing.sigmas(
      steps: steps, schedule: denoiser.schedule, discardNextToLast: discardsNextToLastSigma)
    let x = try noise * Float(sigmas[0])
    switch self {
    case .heun: return try sampleHeun(denoiser, x, sigmas: sigmas, observer: observer)
    case .lms: return try sampleLMS(denoiser, x, sigmas: sigmas, observer: observer)
    case .dpm2: return try sampleDPM2(denoiser, x, sigmas: sigmas, observer: observer)
    case .dpmpp2M: return try sampleDPMPP2M(denoiser, x, sigmas: sigmas, observer: observer)
    case .eulerAncestral:
      return try sampleEulerAncestral(denoiser, x, sigmas: sigmas, source: &source, observer: observer)
    case .dpm2Ancestral:
      return try sampleDPM2Ancestral(denoiser, x, sigmas: sigmas, source: &source, observer: observer)
    case .dpmpp2SAncestral:
      return try sampleDPMPP2SAncestral(denoiser, x, sigmas: sigmas, source: &source, observer: observer)
    case .dpmppSDE: return try sampleDPMPPSDE(denoiser, x, sigmas: sigmas, source: &source, observer: observer)
    case .dpmpp2MSDE, .dpmpp2MSDEHeun:
      return try sampleDPMPP2MSDE(
        denoiser, x, sigmas: sigmas, heun: self == .dpmpp2MSDEHeun, source: &source, observer: observer)
    case .dpmpp3MSDE: return try sampleDPMPP3MSDE(denoiser, x, sigmas: sigmas, source: &source, observer: observer)
    case .euler, .dpmFast, .dpmAdaptive, .ddim, .dpmSolver, .lmsDiffusers, .pndm:
      return try sampleEuler(denoiser, x, sigmas: sigmas, observer: observer)
    }
  }

  /// Whether the last sigma before the 0 is left out, for samplers that do badly on so small a last step.
  private var discardsNextToLastSigma: Bool {
    switch self {
    case .dpm2, .dpm2Ancestral, .dpmpp3MSDE: true
    default: false
    }
  }
}

extension NoiseSource {
  /// Noise like `x` `[B, h, w, C]`, drawn in the order `[B, C, h, w]` that other tools draw it in.
  public mutating func noise(like x: Tensor) throws -> Tensor {
    let shape = [x.shape[0], x.shape[3], x.shape[1], x.shape[2]]
    return try Tensor(normals(shape: shape), shape: Shape(shape), on: x.backend).transposed(0, 2, 3, 1).contiguous()
  }
}
