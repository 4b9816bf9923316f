extension Sampler {
  /// The spacing that a run really has where it is asked for `schedule`; nil where the sampler has one of its own, which
  /// has no name here.
  public func resolvedSchedule(_ schedule: SigmaSchedule) -> SigmaSchedule? {
    let spacing = schedule.resolved(preferring: preferredSchedule)
    switch self {
    case .ddim, .pndm, .dpmFast, .dpmAdaptive: return nil
    case .dpmSolver, .lmsDiffusers: return spacing == .karras ? .karras : nil
    default: return spacing
    }
  }
}
