// SPDX-License-Identifier: Apache-2.0

/// The timesteps and sigmas of DPM-Solver++ multistep as diffusers' `DPMSolverMultistepScheduler` has them ("leading"
/// spacing, steps_offset 1, final sigma 0).
///
/// With r = T / (n + 1) (whole): t = 1 + r n, ..., 1 + 2 r, 1 + r, and sigma is read from the table. Timestep 1 is
/// not visited, unlike in DDIM. With karras the sigmas are Karras' between the table's ends, and the timesteps
/// given to the network are theirs, rounded.
public struct DPMSolverTimesteps: Sendable, Equatable {
  /// The timestep of each step.
  public let timesteps: [Int]
  /// The sigma of each step and then 0: one more than there are timesteps.
  public let sigmas: [Double]

  /// What unit noise is multiplied by to start.
  public var initialNoiseSigma: Double { 1 }

  /// Spaces `steps` steps over the schedule; one in `.single` precision is what diffusers has.
  ///
  /// - Parameter steps: 1...(schedule.count - 2), and 1...schedule.count with karras.
  /// - Throws: `ScheduleError.stepsOutOfRange`.
  public init(steps: Int, schedule: NoiseSchedule, karras: Bool = false) throws(ScheduleError) {
    let largest = karras ? schedule.count : schedule.count - 2
    guard steps >= 1, steps <= largest else {
      throw .stepsOutOfRange(steps: steps, allowed: 1...max(largest, 1))
    }
    if karras {
      let spaced = SigmaSchedule.karrasSigmas(
        from: schedule.sigmaMax, to: schedule.sigmaMin, count: steps)
      timesteps = spaced.map { Int(schedule.timestep(forSigma: $0).rounded(.toNearestOrEven)) }
      sigmas = spaced + [0]
    } else {
      let ratio = schedule.count / (steps + 1)
      timesteps = (1...steps).reversed().map { $0 * ratio + DDIMTimesteps.offset }
      sigmas = timesteps.map { schedule.sigmas[$0] } + [0]
    }
  }

  /// The weights of the step `index`, in 0..<timesteps.count: see `DPMSolverMultistep`.
  public func weights(at index: Int) -> StepWeights {
    DPMSolverMultistep.weights(
      previousSigma: index > 0 ? sigmas[index - 1] : nil, sigma: sigmas[index], nextSigma: sigmas[index + 1])
  }
}
