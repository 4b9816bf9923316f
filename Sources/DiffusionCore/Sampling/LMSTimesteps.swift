// SPDX-License-Identifier: Apache-2.0

/// The timesteps and sigmas of linear multistep as diffusers' `LMSDiscreteScheduler` has them ("leading" spacing,
/// steps_offset 1).
///
/// The timesteps are DDIM's, sigma is read from the table. With karras the sigmas are Karras' between the first and
/// the last of those (not the table's ends), and the timesteps are theirs, not rounded. The latent is in sigma space.
public struct LMSTimesteps: Sendable, Equatable {
  /// The timestep of each step; fractional with karras.
  public let timesteps: [Double]
  /// The sigma of each step and then 0: one more than there are timesteps.
  public let sigmas: [Double]
  /// What unit noise is multiplied by to start: `sqrt(sigma_0^2 + 1)`, because the first timestep is not the last of
  /// training and so holds some image. Karras does not change it.
  public let initialNoiseSigma: Double

  /// Spaces `steps` steps over the schedule; one in `.single` precision is what diffusers has.
  ///
  /// - Parameter steps: 1..<schedule.count.
  /// - Throws: `ScheduleError.stepsOutOfRange`.
  public init(steps: Int, schedule: NoiseSchedule, karras: Bool = false) throws(ScheduleError) {
    let leading = try DDIMTimesteps.leading(steps: steps, of: schedule.count)
    let table = leading.map { schedule.sigmas[$0] }
    let first = table[0]
    initialNoiseSigma = (first * first + 1).squareRoot()
    if karras {
      let spaced = SigmaSchedule.karrasSigmas(from: first, to: table[steps - 1], count: steps)
      timesteps = spaced.map { schedule.timestep(forSigma: $0) }
      sigmas = spaced + [0]
    } else {
      timesteps = leading.map { Double($0) }
      sigmas = table + [0]
    }
  }
}
