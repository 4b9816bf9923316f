import Foundation

/// The groups of measurements, each run in a process of its own.
enum GroupName: String, CaseIterable {
  case ops, unet, parts, scaling, job

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
    }
    return try bench.finish()
  }
}
