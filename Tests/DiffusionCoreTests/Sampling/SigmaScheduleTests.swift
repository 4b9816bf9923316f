// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import Testing

@Suite struct SigmaScheduleTests {
  private let schedule: NoiseSchedule
  private let fixtures: FixtureTable

  init() throws {
    schedule = try NoiseSchedule()
    fixtures = try FixtureTable("sampling")
  }

  @Test(arguments: ["uniform", "karras", "exponential", "polyexponential", "sgm_uniform"])
  func tables(name: String) throws {
    let sigmas = try SigmaSchedule(named: name)
    for (steps, suffix) in [(8, "8"), (20, "20"), (20, "20_discard")] {
      let actual = try sigmas.sigmas(
        steps: steps, schedule: schedule, discardNextToLast: suffix.hasSuffix("discard"))
      let expected = try fixtures.doubles("sigmas.\(name).\(suffix)")
      #expect(largestRelativeError(actual, expected) < 1e-6, "\(suffix)")
    }
  }

  /// Each sampler's own choice: schedule, and whether the next-to-last sigma is dropped.
  static let preferences: [(sampler: String, schedule: SigmaSchedule, discard: Bool)] = [
    ("DPM++_2M", .karras, false), ("DPM++_SDE", .karras, false), ("DPM++_2S_a", .karras, false),
    ("DPM++_2M_SDE", .exponential, false), ("DPM++_2M_SDE_Heun", .exponential, false),
    ("DPM++_3M_SDE", .exponential, true), ("DPM2", .karras, true), ("DPM2_a", .karras, true),
    ("Euler", .normal, false), ("Euler_a", .normal, false), ("Heun", .normal, false), ("LMS", .normal, false),
    ("DPM_fast", .normal, false), ("DPM_adaptive", .normal, false),
  ]

  @Test(arguments: preferences)
  func automatic(sampler: String, preference: SigmaSchedule, discard: Bool) throws {
    for steps in [8, 20] {
      let actual = try SigmaSchedule.automatic.resolved(preferring: preference)
        .sigmas(steps: steps, schedule: schedule, discardNextToLast: discard)
      let expected = try fixtures.doubles("sigmas.automatic.\(sampler).\(steps)")
      #expect(largestRelativeError(actual, expected) < 1e-6)
    }
  }

  @Test(arguments: SigmaSchedule.allCases, [false, true])
  func everyLengthFallsToZero(sigmas: SigmaSchedule, discard: Bool) throws {
    for steps in [1, 2, 3, 7, 100, 999, 1000] {
      let values = try sigmas.sigmas(steps: steps, schedule: schedule, discardNextToLast: discard)
      #expect(values.count == steps + 1 && values.last == 0)
      #expect(abs(values[0] / schedule.sigmaMax - 1) < 1e-12)
      #expect(zip(values, values.dropFirst()).allSatisfy { $0 > $1 })
    }
  }

  @Test(arguments: [0, -1, 1001, Int.max, Int.min])
  func stepsOutOfRange(steps: Int) {
    let error = ScheduleError.stepsOutOfRange(steps: steps, allowed: 1...1000)
    #expect(throws: error) {
      try SigmaSchedule.karras.sigmas(steps: steps, schedule: schedule, discardNextToLast: true)
    }
  }

  @Test func names() throws {
    #expect(try SigmaSchedule(named: "Uniform") == .normal)
    #expect(try SigmaSchedule(named: "SGM Uniform") == .sgmUniform)
    #expect(try SigmaSchedule(named: "sgm-uniform") == .sgmUniform)
    #expect(try SigmaSchedule(named: "Automatic") == .automatic)
    #expect(throws: ScheduleError.self) { try SigmaSchedule(named: "cosine") }
    for value in SigmaSchedule.allCases {
      #expect(try JSONDecoder().decode(SigmaSchedule.self, from: JSONEncoder().encode(value)) == value)
    }
    #expect(SigmaSchedule.karras.resolved(preferring: .normal) == .karras)
  }
}
