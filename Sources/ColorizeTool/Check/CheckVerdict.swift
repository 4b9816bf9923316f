// SPDX-License-Identifier: Apache-2.0

import DiffusionVulkan

/// What became of a whole check.
struct CheckVerdict: Encodable {
  let verdict: KernelsRecord.Verdict
  let cases: Int
  let failed: Int
  /// What failed, `attention (matrix)`.
  let failures: [String]
  /// What to do about it.
  let advice: String?

  init(_ records: [KernelsRecord]) {
    cases = records.reduce(0) { $0 + $1.cases }
    failed = records.reduce(0) { $0 + $1.failed }
    failures = records.flatMap { record in
      record.failedMembers.map { "\($0) (\(record.kernels))" }
        + (record.reason.map { record.verdict == .failed ? ["\(record.kernels): \($0)"] : [] } ?? [])
    }
    let failing = records.contains { $0.verdict == .failed }
    verdict = failing ? .failed : records.allSatisfy { $0.verdict == .passed } ? .passed : .incomplete
    let tiers = VulkanTier.allCases.map(\.rawValue)
    let good = records.last { $0.verdict == .passed && tiers.contains($0.kernels) }
    advice = failing ? good.map { "IRODORI_VULKAN_TIER=\($0.kernels) keeps to kernels that passed" } : nil
  }

  /// For people.
  var line: String {
    switch verdict {
    case .passed: "verdict: passed, \(cases) cases"
    case .incomplete: "verdict: incomplete, nothing failed of \(cases) cases that ran"
    case .failed:
      "verdict: FAILED, \(failed) of \(cases) cases: \(failures.joined(separator: "; "))"
        + (advice.map { ". \($0)" } ?? "")
    }
  }
}
