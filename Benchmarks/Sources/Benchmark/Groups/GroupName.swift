/// The groups of measurements, each run in a process of its own.
enum GroupName: String, CaseIterable {
  case ops, unet, parts, scaling, job

  /// Measures the group in this process.
  func run(_ settings: Settings) async throws -> GroupReport {
    let bench = try Bench(self, settings: settings)
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
