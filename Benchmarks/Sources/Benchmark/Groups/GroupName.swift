// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The groups of measurements.
enum GroupName: String, CaseIterable {
  /// What takes how long, each group in a process of its own.
  case ops, unet, parts, scaling, job, training
  /// How good the pictures are, see ``QualityRun``.
  case quality
  /// How well figures are found, see ``MaskRun``.
  case masks

  /// Measures the group in this process.
  ///
  /// - Parameter reportFile: where the report is written after each row.
  func run(_ settings: Settings, reportFile: URL? = nil) async throws -> GroupReport {
    let bench = try Bench(self, settings: settings, reportFile: reportFile)
    switch self {
    case .ops: try measureOperations(bench)
    case .unet: try measureUNet(bench)
    case .parts: try measureParts(bench)
    case .scaling: try measureScaling(bench)
    case .job: try await measureJob(bench)
    case .training: try measureTraining(bench)
    case .quality, .masks: throw BenchmarkError.notTimed(group: rawValue)
    }
    return try bench.finish()
  }
}

extension GroupName {
  /// The sizes that the group is measured at, each in a process of its own.
  func presets(_ settings: Settings) -> [Settings.Preset] {
    // A step of the small network is asked for with everything in it, one of the large network with branches alone.
    self == .training && settings.preset == .published ? [.embedded, .published] : [settings.preset]
  }
}
