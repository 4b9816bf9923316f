// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

@Suite struct DiffusersTimestepsTests {
  private let schedule: NoiseSchedule
  private let fixtures: FixtureTable

  init() throws {
    schedule = try NoiseSchedule(precision: .single)
    fixtures = try FixtureTable("sampling")
  }

  private func check(
    _ name: String, timesteps: [Double], sigmas: [Double]? = nil, initialNoiseSigma: Double
  ) throws {
    #expect(try largestError(timesteps, fixtures.doubles("sigmas.\(name).timesteps")) < 2e-4, "\(name)")
    let start = try fixtures.doubles("sigmas.\(name).init_noise_sigma")
    #expect(largestRelativeError([initialNoiseSigma], start) < 1e-6, "\(name)")
    if let sigmas {
      #expect(try largestRelativeError(sigmas, fixtures.doubles("sigmas.\(name).sigmas")) < 1e-6, "\(name)")
    }
  }

  @Test(arguments: [8, 20], [false, true])
  func tables(steps: Int, karras: Bool) throws {
    let suffix = (karras ? "_karras" : "") + ".\(steps)"
    // Karras has no effect on DDIM and PNDM.
    let ddim = try DDIMTimesteps(steps: steps, schedule: schedule)
    try check("diffuser_ddim" + suffix, timesteps: ddim.timesteps.map(Double.init), initialNoiseSigma: 1)
    let pndm = try PNDMTimesteps(steps: steps, schedule: schedule)
    try check("diffuser_pndm" + suffix, timesteps: pndm.timesteps.map(Double.init), initialNoiseSigma: 1)
    #expect(pndm.timesteps.count == steps + 9)
    let dpm = try DPMSolverTimesteps(steps: steps, schedule: schedule, karras: karras)
    try check(
      "diffuser_dpm" + suffix, timesteps: dpm.timesteps.map(Double.init), sigmas: dpm.sigmas,
      initialNoiseSigma: dpm.initialNoiseSigma)
    let lms = try LMSTimesteps(steps: steps, schedule: schedule, karras: karras)
    try check(
      "diffuser_lms" + suffix, timesteps: lms.timesteps, sigmas: lms.sigmas,
      initialNoiseSigma: lms.initialNoiseSigma)
  }

  /// No number of steps leads outside of the training timesteps; what would is refused.
  @Test func everyNumberOfSteps() throws {
    for steps in -2...1002 {
      let all: [(Bool, [Double]?)] = [
        ((1...999).contains(steps), (try? DDIMTimesteps(steps: steps, schedule: schedule))?.timesteps.map(Double.init)),
        ((4...999).contains(steps), (try? PNDMTimesteps(steps: steps, schedule: schedule))?.timesteps.map(Double.init)),
        ((1...999).contains(steps), (try? LMSTimesteps(steps: steps, schedule: schedule))?.timesteps),
        (
          (1...998).contains(steps),
          (try? DPMSolverTimesteps(steps: steps, schedule: schedule))?.timesteps.map(Double.init)
        ),
      ]
      for (valid, timesteps) in all {
        #expect((timesteps != nil) == valid, "\(steps)")
        if let timesteps { #expect(timesteps.allSatisfy { (0...999).contains($0) }, "\(steps)") }
      }
    }
    for steps in [Int.min, Int.max] {
      #expect(throws: ScheduleError.self) { try DPMSolverTimesteps(steps: steps, schedule: schedule, karras: true) }
      #expect(throws: ScheduleError.self) { try DPMSolverTimesteps(steps: steps, schedule: schedule) }
      #expect(throws: ScheduleError.self) { try DDIMTimesteps(steps: steps, schedule: schedule) }
      #expect(throws: ScheduleError.self) { try PNDMTimesteps(steps: steps, schedule: schedule) }
    }
  }

  @Test func shortSchedules() throws {
    let short = try NoiseSchedule(ScheduleConfiguration(timesteps: 2))
    #expect(try DDIMTimesteps(steps: 1, schedule: short).timesteps == [1])
    #expect(throws: ScheduleError.self) { try PNDMTimesteps(steps: 4, schedule: short) }
    #expect(throws: ScheduleError.self) { try DPMSolverTimesteps(steps: 1, schedule: short) }
    #expect(try DPMSolverTimesteps(steps: 2, schedule: short, karras: true).timesteps == [1, 0])
  }
}
