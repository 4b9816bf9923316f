// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a machine and a device on it were found to be and to do: small enough to be sent and kept.
struct HardwareReport: Codable {
  enum State: String, Codable { case running, complete, interrupted }

  /// The form of this file.
  var version = 1
  var date = ""
  var state = State.running
  var processor: String
  var threads: Int
  var memoryGiB: Double
  var system: String
  /// The device's name for `--backend`, and what is known of it.
  var backend = ""
  var device: [String: String] = [:]
  /// The sizes of the network that was timed on the device and on the processor.
  var presets: [String: String] = [:]
  var seconds = 0.0
  var timeLimit: Double
  var parts: [Part] = []

  /// One part of the report.
  struct Part: Codable {
    enum State: String, Codable {
      case running, done, failed
      /// Ended from outside, since its time was up.
      case cutOff = "cut off"
      case notRun = "not run"
    }

    let name: String
    let title: String
    var state = State.running
    var seconds = 0.0
    /// What failed, or why it did not run.
    var note: String?
    var checks: [Check]?
    var pictures: [Picture]?
    var times: [Time]?
    var profiles: [MemberTimes]?
    /// What PyTorch says of itself.
    var peer: String?
  }

  /// What one set of kernels did in the conformance suite.
  struct Check: Codable {
    let kernels: String
    var verdict: String
    var cases = 0
    var failed = 0
    var reason: String?
    /// The worst error of each member as a part of its tolerance; absent where it is no number.
    var worst: [String: Double] = [:]
    /// Seconds of each member, copies included.
    var seconds: [String: Double] = [:]
    /// The first failures in words.
    var failures: [String] = []
    /// The members that failed, as words.
    var failedMembers: String { failing.sorted().joined(separator: ", ") }
    var failing: [String] = []

    /// With what a second run of other members found.
    func joined(with other: Check) -> Check {
      var both = self
      let order = ["passed", "incomplete", "failed"]
      func rank(_ verdict: String) -> Int { order.firstIndex(of: verdict) ?? order.count }
      if rank(other.verdict) > rank(verdict) { both.verdict = other.verdict }
      both.cases += other.cases
      both.failed += other.failed
      both.reason = [reason, other.reason].compactMap { $0 }.first
      both.worst.merge(other.worst) { $1 }
      both.seconds.merge(other.seconds) { $1 }
      both.failures += other.failures
      both.failing += other.failing
      return both
    }
  }

  /// A picture beside the processor's.
  struct Picture: Codable {
    let name: String
    let seconds: Double
    /// Differences from the processor's picture in `f32`, in levels of 8 bits; nil for that one.
    var largest: Int?
    /// Decibels; nil where there is no difference.
    var psnr: Double?
    /// The part of all values that are another level.
    var changed: Double?
  }

  /// One row of the benchmark, in milliseconds.
  struct Time: Codable {
    let name: String
    let ms: Double
    let fastest: Double
    let slowest: Double
    /// 10^9 operations a second.
    var gigaflops: Double?
    var peer: Double?
  }

  /// Where the time of a row goes, by the members of `Backend`.
  struct MemberTimes: Codable {
    struct Member: Codable {
      let member: String
      let calls: Int
      let ms: Double
      var gigaflops: Double?
      let gigabytesPerSecond: Double
    }
    let name: String
    /// Whether times are the device's own or those of calls that were waited for.
    let clock: String
    let members: [Member]
  }

  /// The rate of a large product and of a copy, as the benchmark found them.
  var limits: [String: String] = [:]
}

/// Three digits: more would be noise, and the file is to stay small.
func brief(_ value: Double) -> Double {
  guard value.isFinite else { return 0 }
  return Double(String(format: "%.3g", value)) ?? value
}

extension HardwareReport.Part {
  /// Takes over what a group of the benchmark has measured so far.
  mutating func take(_ report: GroupReport) {
    times = report.rows.map { row in
      HardwareReport.Time(
        name: row.name, ms: brief(row.ours.median), fastest: brief(row.ours.fastest), slowest: brief(row.ours.slowest),
        gigaflops: row.gigaflop > 0 ? brief(row.gigaflop / row.ours.median * 1000) : nil,
        peer: row.peer.map { brief($0.median) })
    }
    profiles = report.profiles.map { profile in
      HardwareReport.MemberTimes(
        name: profile.name, clock: "\(profile.clock)",
        members: profile.entries.filter { $0.milliseconds > 0 }.map { entry in
          .init(
            member: entry.family, calls: entry.calls, ms: brief(entry.milliseconds),
            gigaflops: entry.gigaflop > 0 ? brief(entry.gigaflop / entry.milliseconds * 1000) : nil,
            gigabytesPerSecond: brief(entry.gigabytes / entry.milliseconds * 1000))
        })
    }
    if profiles?.isEmpty == true { profiles = nil }
    peer = report.peer?.name ?? peer
  }
}
