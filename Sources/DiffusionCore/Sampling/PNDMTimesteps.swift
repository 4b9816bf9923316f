// SPDX-License-Identifier: Apache-2.0

/// The timesteps of PNDM as diffusers' `PNDMScheduler` has them ("leading" spacing, steps_offset 1, with the
/// Runge-Kutta start).
///
/// The first three intervals of DDIM's timesteps are done by a fourth-order Runge-Kutta step each, which evaluates
/// the network at the start, twice in the middle and at the end: 12 evaluations. The linear multistep part follows
/// from the fourth timestep on. n + 9 evaluations in all. L. Liu et al., "Pseudo numerical methods for diffusion
/// models on manifolds", ICLR 2022.
public struct PNDMTimesteps: Sendable, Equatable {
  /// The timesteps of the Runge-Kutta part, 12.
  public let rungeKutta: [Int]
  /// The timesteps of the multistep part, n - 3.
  public let multistep: [Int]

  /// The timestep of every evaluation, in order.
  public var timesteps: [Int] { rungeKutta + multistep }

  /// What unit noise is multiplied by to start.
  public var initialNoiseSigma: Double { 1 }

  /// Spaces `steps` steps over the schedule.
  ///
  /// - Parameter steps: 4..<schedule.count; the start alone needs four timesteps.
  /// - Throws: `ScheduleError.stepsOutOfRange`.
  public init(steps: Int, schedule: NoiseSchedule) throws(ScheduleError) {
    guard steps >= 4, steps < schedule.count else {
      throw .stepsOutOfRange(steps: steps, allowed: 4...max(schedule.count - 1, 4))
    }
    let leading = try DDIMTimesteps.leading(steps: steps, of: schedule.count)
    let half = schedule.count / steps / 2
    rungeKutta = (0..<3).flatMap { interval in
      // The middle is counted from the interval's end, as there: the two differ if the interval is odd.
      let end = leading[interval + 1]
      return [leading[interval], end + half, end + half, end]
    }
    multistep = Array(leading.dropFirst(3))
  }
}
