// SPDX-License-Identifier: Apache-2.0

import BackendConformance

/// What a check found of one member with one set of kernels, or of one set, or of the device. `--json` prints one a line.
struct MemberRecord: Encodable {
  let kernels: String
  let member: String
  var cases = 0
  var failed = 0
  /// The worst error as a part of its tolerance; absent if it is no number.
  var worstShare: Double? = 0
  var seconds = 0.0
  /// The first failures in words.
  var failures: [String] = []

  /// The most failures that are told in words.
  static let toldFailures = 3

  init(kernels: String, member: String) {
    self.kernels = kernels
    self.member = member
  }

  mutating func add(_ result: ConformanceResult) {
    cases += 1
    seconds += result.seconds
    worstShare = result.worstShare.isFinite ? worstShare.map { max($0, result.worstShare) } : nil
    guard !result.passed else { return }
    failed += 1
    if failures.count < Self.toldFailures { failures.append(result.description) }
  }

  /// The line for people, and one for each failure that is told.
  var lines: [String] {
    let share = Format.share(worstShare)
    var line = failed == 0 ? "pass  " : "FAIL  "
    line += member.padded(to: 22) + kernels.padded(to: 12) + "\(cases)".padded(to: 5, right: true) + " cases"
    line += failed > 0 ? ", \(failed) failed" : ""
    line += "  worst error " + share.padded(to: 5, right: true) + " of its tolerance"
    line += Format.decimal(seconds, 2).padded(to: 9, right: true) + " s"
    // A failure has several lines.
    return [line] + failures.flatMap { $0.split(whereSeparator: \.isNewline).map { "      " + $0 } }
  }
}

/// What became of one set of kernels.
struct KernelsRecord: Encodable {
  enum Verdict: String, Encodable {
    case passed, failed
    /// Not all was run: time was up, or the device did not answer or was lost.
    case incomplete
  }

  let kernels: String
  var verdict: Verdict
  var cases = 0
  var failed = 0
  var seconds = 0.0
  var failedMembers: [String] = []
  var worstShare: Double? = 0
  var worstMember: String?
  /// Why not all was run.
  var reason: String?

  mutating func add(_ record: MemberRecord) {
    cases += record.cases
    failed += record.failed
    seconds += record.seconds
    if record.failed > 0 {
      failedMembers.append(record.member)
      verdict = .failed
    }
    guard let share = record.worstShare, let worst = worstShare else {
      if worstShare != nil { worstMember = record.member }
      worstShare = nil
      return
    }
    if share > worst { (worstShare, worstMember) = (share, record.member) }
  }

  var line: String {
    var line = "\(kernels): \(verdict.rawValue), \(cases) cases in \(Format.decimal(seconds, 1)) s"
    if let worstMember {
      line += ", worst error \(Format.share(worstShare)) of its tolerance (\(worstMember))"
    }
    if !failedMembers.isEmpty { line += "; failed: \(failedMembers.joined(separator: ", "))" }
    if let reason { line += "; \(reason)" }
    return line
  }
}

extension Format {
  /// An error as a part of its tolerance, in percent.
  static func share(_ share: Double?) -> String {
    guard let share else { return "no part" }
    return share < 10 ? "\(Int((share * 100).rounded(.up))) %" : "over 1000 %"
  }
}

extension String {
  /// With spaces to a width.
  func padded(to width: Int, right: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - count))
    return right ? space + self : self + space
  }
}
