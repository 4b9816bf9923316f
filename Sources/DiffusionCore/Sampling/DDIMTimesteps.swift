// SPDX-License-Identifier: Apache-2.0

/// The timesteps of DDIM as the diffusers library spaces them: "leading", steps_offset 1.
///
/// With r = T / n (whole), T training timesteps and n steps: t = 1 + r (n-1), ..., 1 + r, 1. A step goes from t to
/// t - r; below timestep 0 nothing is left to remove, and abar is 1 there (`set_alpha_to_one`). J. Song, C. Meng,
/// S. Ermon, "Denoising diffusion implicit models", ICLR 2021; the spacing is named in S. Lin et al., "Common
/// diffusion noise schedules and sample steps are flawed", WACV 2024, table 2.
public struct DDIMTimesteps: Sendable, Equatable {
  /// diffusers' steps_offset in the published configurations of Stable Diffusion.
  static let offset = 1

  /// The timestep of each step, falling.
  public let timesteps: [Int]
  /// abar at each step's timestep.
  public let abar: [Double]
  /// abar where each step leads; 1 after the last.
  public let previousAbar: [Double]

  /// What unit noise is multiplied by to start.
  public var initialNoiseSigma: Double { 1 }

  /// Spaces `steps` steps over the schedule; one in `.single` precision is what diffusers has.
  ///
  /// - Parameter steps: 1..<schedule.count; with as many steps as timesteps the offset would lead beyond the last.
  /// - Throws: `ScheduleError.stepsOutOfRange`.
  public init(steps: Int, schedule: NoiseSchedule) throws(ScheduleError) {
    timesteps = try Self.leading(steps: steps, of: schedule.count)
    let ratio = schedule.count / steps
    abar = timesteps.map { schedule.abar[$0] }
    previousAbar = timesteps.map { $0 >= ratio ? schedule.abar[$0 - ratio] : 1 }
  }

  /// The weights of the step `index`, in 0..<timesteps.count: see `DDIMStep`.
  public func weights(at index: Int) -> StepWeights {
    DDIMStep.weights(abar: abar[index], previousAbar: previousAbar[index])
  }

  /// `1 + r (n-1), ..., 1 + r, 1` with r = count / n.
  static func leading(steps: Int, of count: Int) throws(ScheduleError) -> [Int] {
    guard (1..<count).contains(steps) else {
      throw .stepsOutOfRange(steps: steps, allowed: 1...(count - 1))
    }
    let ratio = count / steps
    return (0..<steps).reversed().map { $0 * ratio + offset }
  }
}
