// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation

/// The same things made twice: on a backend that only counts, and on the one that is timed.
struct Twin<Content> {
  let counted: Content
  let timed: Content

  /// What `transform` makes of either.
  func map<Other>(_ transform: (Content) throws -> Other) rethrows -> Twin<Other> {
    Twin<Other>(counted: try transform(counted), timed: try transform(timed))
  }
}

/// Measures one group: times work beside its floor and, if asked for, in turns with the peer.
final class Bench {
  let settings: Settings
  let configuration: ModelConfiguration
  let backend: any Backend
  let console = Console(handle: .standardOutput)
  let peer: Peer?
  let limits: MachineLimits
  let counter = ProfilingBackend(ShapeOnlyBackend(), clock: .counting)
  private var memory = PeakMemory()
  private var report: GroupReport {
    didSet { write() }
  }
  /// Where the report is written after each row, so that a run that is cut off leaves what it has.
  private let reportFile: URL?

  init(_ group: GroupName, settings: Settings, reportFile: URL? = nil) throws {
    self.settings = settings
    self.reportFile = reportFile
    configuration = try settings.configuration()
    backend = try settings.makeBackend()
    limits = try MachineLimits.measure(on: backend)
    report = GroupReport(group: group.rawValue, limits: limits)
    peer = settings.compare ? try Peer(settings: settings, threads: Machine(backend: backend).threads) : nil
    console.heading(group.rawValue, comparing: peer?.name)
    console.say("  " + limits.description)
    memory.reset()
  }

  deinit { peer?.close() }

  /// Counted runs of each row.
  var runs: Int { settings.runs ?? 3 }

  /// Makes what rows work on.
  func twin<Content>(_ make: (any Backend) throws -> Content) throws -> Twin<Content> {
    Twin(counted: try make(counter), timed: try make(backend))
  }

  /// Times `body` after a run to warm up, waiting for its result, and adds a row.
  ///
  /// - Parameter work: the same for the peer; nil if it has nothing of the kind.
  func measure<Content>(
    _ name: String, peer work: PeerWork? = nil, on twin: Twin<Content>, _ body: (Content) throws -> Tensor
  ) throws {
    guard settings.wants(name) else { return }
    let records = try counter.records { _ = try body(twin.counted) }
    func once(_ repeats: Int) throws -> Double {
      let time = try ContinuousClock().measure {
        for _ in 0..<repeats {
          _ = try body(twin.timed)
        }
        try backend.finish()
      }
      return time / .seconds(1) / Double(repeats)
    }
    // The second run tells how long it takes: the first has memory to get and, on a device, pipelines to make. Beside
    // many seconds of work that is nothing.
    let (span, floor) = (0.05, records.floor(limits))
    if floor < 10 { _ = try once(1) }
    let estimate = floor < span ? try once(1) : span
    let repeats = max(1, min(200, Int(span / max(estimate, 1e-6))))
    let prepared = try work.flatMap { try peer?.prepare($0) }
    memory.begin()
    var (ours, theirs): ([Double], [Double]) = ([], [])
    for _ in 0..<runs {
      ours.append(try once(repeats))
      if prepared != nil, let peer { theirs.append(try peer.turn(repeats: repeats).seconds) }
    }
    if prepared != nil { try peer?.forget() }
    add(
      Row(
        name: name, ours: Times(seconds: ours), gigaflop: records.gigaflop, gigabytes: records.gigabytes,
        floorMilliseconds: records.floor(limits) * 1000, peakResidentGiB: memory.end(),
        peer: theirs.isEmpty ? nil : Times(seconds: theirs), peerLayout: prepared?.layout))
  }

  /// Adds a row that was measured elsewhere.
  func add(_ row: Row) {
    report.rows.append(row)
    console.row(row)
  }

  /// Where the time of one run goes, if that was asked for.
  func profile<Content>(
    _ name: String, _ make: (any Backend) throws -> Content, _ body: (Content) throws -> Tensor
  ) throws {
    guard settings.profile, settings.wants(name) else { return }
    let profiled = ProfilingBackend(backend)
    let content = try make(profiled)
    // Once to warm up.
    _ = try body(content)
    let records = try profiled.records { _ = try body(content) }
    let profile = Profile(name: name, clock: profiled.clock, records: records, limits: limits)
    add(profile)
  }

  /// Adds a profile that was made elsewhere.
  func add(_ profile: Profile) {
    report.profiles.append(profile)
    profile.print(on: console)
  }

  /// A report that cannot be written is told when it is complete.
  private func write() {
    guard let reportFile else { return }
    try? report.json().write(to: reportFile, options: .atomic)
  }

  /// Begins a span of memory for a row that is measured elsewhere.
  func beginMemory() { memory.begin() }
  /// The highest since then, in GiB.
  func endMemory() -> Double { memory.end() }

  /// Ends the group.
  func finish() throws -> GroupReport {
    // A row that was measured elsewhere has put the mark back by itself.
    report.peakResidentGiB = report.rows.map(\.peakResidentGiB).reduce(memory.highestGiB, max)
    var line = "  peak resident memory \(Console.number(report.peakResidentGiB, 2)) GiB"
    if let peer {
      let theirs = GroupReport.PeerReport(name: peer.description, peakResidentGiB: try peer.peakResidentGiB())
      report.peer = theirs
      line += "; \(peer.name) \(Console.number(theirs.peakResidentGiB, 2)) GiB"
    }
    console.say(line)
    return report
  }
}
