// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The lines of `colorize devices --check --json`, of which there may be only the first.
enum CheckOutput {
  /// What any line may hold.
  private struct Line: Decodable {
    var kernels: Kernels?
    var member: String?
    var cases: Int?
    var failed: Int?
    var worstShare: Double?
    var seconds: Double?
    var failures: [String]?
    var verdict: String?
    var reason: String?
    var advice: String?
    var error: String?

    /// The name of one set, or those of all.
    enum Kernels: Decodable {
      case one(String)
      case all([String])

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let name = try? container.decode(String.self) {
          self = .one(name)
        } else {
          self = .all(try container.decode([String].self))
        }
      }
    }
  }

  /// The sets, with what is known of them so far, and what the program says for people.
  static func read(_ data: Data) -> (checks: [HardwareReport.Check], note: String?) {
    var checks: [HardwareReport.Check] = []
    var note: String?
    for text in data.split(separator: 0x0A) {
      guard let line = try? JSONDecoder().decode(Line.self, from: Data(text)) else { continue }
      if let error = line.error { note = error }
      switch line.kernels {
      case .all(let names): checks = names.map { HardwareReport.Check(kernels: $0, verdict: "incomplete") }
      case .one(let name):
        guard let place = checks.firstIndex(where: { $0.kernels == name }) else { continue }
        if let member = line.member {
          checks[place].cases += line.cases ?? 0
          checks[place].failed += line.failed ?? 0
          checks[place].worst[member] = line.worstShare.map(brief)
          checks[place].seconds[member] = (max(0, line.seconds ?? 0) * 1000).rounded() / 1000
          if line.failed ?? 0 > 0 { checks[place].failing.append(member) }
          checks[place].failures += (line.failures ?? []).map { String($0.prefix(400)) }
        } else {
          checks[place].verdict = line.verdict ?? checks[place].verdict
          checks[place].reason = line.reason
        }
      case nil: note = line.advice ?? note
      }
    }
    return (checks, note)
  }
}
