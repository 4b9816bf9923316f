import DiffusionCore

extension Model {
  /// Checks a request by itself and against the model, so that it cannot fail on its options once work has started:
  /// the mode first, then what ``ColorizeRequest/validate()`` checks, then what depends on the network's sizes.
  ///
  /// ``Colorizer`` does so when a request comes in, before it waits for its turn.
  ///
  /// - Throws: ``ColorizeError``.
  public func validate(_ request: ColorizeRequest) throws {
    try require(request.mode)
    try request.validate()
    _ = try request.referenceStrength.scales(for: configuration.unet)
    try checkSteps(of: request.settings)
  }

  /// Samplers on timesteps cannot take more steps than the model has timesteps, and some take a little less.
  private func checkSteps(of settings: ColorizeSettings) throws {
    let (steps, schedule) = (settings.steps, try NoiseSchedule(configuration.schedule))
    do {
      switch settings.sampler {
      case .ddim: _ = try DDIMTimesteps(steps: steps, schedule: schedule)
      case .dpmSolver:
        let isKarras = settings.sampler.resolvedSchedule(settings.schedule) == .karras
        _ = try DPMSolverTimesteps(steps: steps, schedule: schedule, karras: isKarras)
      case .lmsDiffusers: _ = try LMSTimesteps(steps: steps, schedule: schedule)
      case .pndm: _ = try PNDMTimesteps(steps: steps, schedule: schedule)
      default: break
      }
    } catch ScheduleError.stepsOutOfRange(_, let allowed) {
      throw ColorizeError.invalidOption(
        .steps, value: "\(steps)",
        expected: "\(allowed.lowerBound) to \(allowed.upperBound) with \(settings.sampler.rawValue) and this model")
    }
  }
}
