// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation

/// What a profile found, as `--json` prints it.
struct ProfileReport: Encodable {
  var version = Tool.version
  let model: String
  let backend: String
  let mode: String
  let width: Int
  let height: Int
  /// The sampling steps.
  let steps: Int
  /// Whether times are the device's own (`device`) or those of calls that were waited for (`waiting`).
  let clock: ProfilingBackend.Clock
  /// What an operation takes that has next to nothing to do.
  let leastMilliseconds: Double
  let sections: [Section]

  /// A stage, or one denoising step.
  struct Section: Encodable {
    /// Its identifier, see ``ProfileSection``.
    let name: String
    /// What people call it.
    let title: String
    /// How many runs of it the figures are the mean of.
    let runs: Int
    /// The whole of one run, in milliseconds.
    let milliseconds: Double
    /// The largest first.
    let operations: [Operation]

    private enum CodingKeys: CodingKey { case name, runs, milliseconds, operations }
  }

  /// All calls of one operation in one run of a section.
  struct Operation: Encodable {
    let operation: String
    let calls: Double
    let milliseconds: Double
    /// Of the section's time, 0...1.
    let share: Double
    /// Floating-point operations a second, in 10^9; absent where they are not what an operation costs.
    let gigaflops: Double?
  }
}

extension ProfileReport.Section {
  /// - Parameters:
  ///   - seconds: the time of all runs, operations and what lies between them.
  ///   - records: the calls of all runs.
  init(_ section: ProfileSection, runs: Int, seconds: Double, records: [CallRecord]) {
    name = section.identifier
    title = section.title
    self.runs = runs
    milliseconds = seconds * 1e3 / Double(runs)
    func operation(_ name: String, calls: Int, seconds taken: Double, flops: Double = 0) -> ProfileReport.Operation {
      ProfileReport.Operation(
        operation: name, calls: Double(calls) / Double(runs), milliseconds: taken * 1e3 / Double(runs),
        share: seconds > 0 ? taken / seconds : 0, gigaflops: flops > 0 && taken > 0 ? flops / taken / 1e9 : nil)
    }
    // On a device's clock that is the host's share, and what the device waits for.
    let between = max(0, seconds - records.seconds)
    operations =
      (Dictionary(grouping: records, by: \.member).map { member, records in
        operation(member, calls: records.count, seconds: records.seconds, flops: records.flops)
      } + [operation("(between operations)", calls: 0, seconds: between)])
      .sorted { ($1.milliseconds, $0.operation) < ($0.milliseconds, $1.operation) }
  }

  /// A table for people.
  var lines: [String] {
    func row(_ name: String, _ columns: [String]) -> String {
      name.padding(toLength: 22, withPad: " ", startingAt: 0)
        + columns.map { String(repeating: " ", count: max(1, 10 - $0.count)) + $0 }.joined()
    }
    return [row(title, ["calls", "ms", "share", "GFLOP/s"])]
      + operations.map { operation in
        row(
          "  \(operation.operation)",
          [
            operation.calls > 0 ? Format.decimal(operation.calls, 0) : "",
            Format.decimal(operation.milliseconds, 2),
            Format.decimal(operation.share * 100, 1) + "%",
            operation.gigaflops.map { Format.decimal($0, 1) } ?? "",
          ])
      } + [row("  total", ["", Format.decimal(milliseconds, 2), "", ""])]
  }
}
