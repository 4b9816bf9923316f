// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import Dispatch
import Foundation
import Synchronization

/// Runs the conformance suite on one device with several sets of kernels, and tells of each member as soon as it is done.
///
/// The oracle, which takes most of the time, computes each case once for all sets. A device that does not answer cannot
/// be told to stop: a watch prints what was found, names the case and ends the program.
final class DeviceCheck: Sendable {
  /// How much is run.
  struct Limits {
    /// Seconds after which what has not run is left; nil for none.
    var total: Double?
    /// Seconds after which a single case counts as a hang.
    var perCase = 120.0
  }

  private struct State {
    var kernels: [KernelsRecord]
    /// Of the members that are being run, for each set.
    var members: [[String: MemberRecord]]
    var current: (step: ConformanceStep, start: ContinuousClock.Instant)?
    var isOver = false
  }

  private struct TimeIsUp: Error {}

  private let device: String
  private let limits: Limits
  private let asJSON: Bool
  private let progress: Progress
  private let start = ContinuousClock.now
  private let state = Mutex(State(kernels: [], members: []))

  init(device: String, limits: Limits, asJSON: Bool, progress: Progress) {
    self.device = device
    self.limits = limits
    self.asJSON = asJSON
    self.progress = progress
  }

  /// Runs the sets that can be opened.
  ///
  /// - Returns: what became of all.
  /// - Throws: `CancellationError`.
  func run(_ sets: [KernelSet], options: ConformanceOptions) throws -> CheckVerdict {
    var groups: [(options: ConformanceOptions, places: [Int], backends: [any Backend])] = []
    state.withLock { $0.kernels = sets.map { KernelsRecord(kernels: $0.name, verdict: .passed) } }
    state.withLock { $0.members = sets.map { _ in [:] } }
    for (place, set) in sets.enumerated() {
      var own = options
      set.adjust(&own)
      do {
        let backend = try set.makeBackend()
        // Sets that are judged alike share the oracle.
        if let like = groups.firstIndex(where: { $0.options.judgesLike(own) }) {
          groups[like].places.append(place)
          groups[like].backends.append(backend)
        } else {
          groups.append((own, [place], [backend]))
        }
      } catch { end(place, .failed, ToolError(error).message) }
    }
    progress.begin("checking \(device): " + sets.map(\.name).joined(separator: ", "))
    let watch = startWatch()
    defer { watch.cancel() }
    for group in groups {
      do { try run(group.options, group.places, group.backends) } catch is TimeIsUp {}
    }
    return finish()
  }

  private func run(_ options: ConformanceOptions, _ places: [Int], _ backends: [any Backend]) throws {
    try ConformanceSuite.run(onAll: backends, options: options) { step in
      try Task.checkCancellation()
      if let total = limits.total, (ContinuousClock.now - start) / .seconds(1) > total {
        for place in places { end(place, .incomplete, "time was up before \(step.operation)") }
        throw TimeIsUp()
      }
      progress.step(step.index, of: step.count, unit: "case")
      return state.withLock { state in
        state.current = (step, .now)
        return state.kernels[places[step.backend]].reason == nil
      }
    } after: { result, step in
      let place = places[step.backend]
      state.withLock { state in
        state.current = nil
        // Cases of two members may alternate.
        var record =
          state.members[place][step.operation]
          ?? MemberRecord(kernels: state.kernels[place].kernels, member: step.operation)
        record.add(result)
        state.members[place][step.operation] = step.endsOperation ? nil : record
        if step.endsOperation { Self.tell(record, to: &state.kernels[place], asJSON: asJSON) }
      }
      guard !result.passed else { return }
      do { try backends[step.backend].finish() } catch {
        // Every later call would say the same.
        end(place, .failed, "\(ToolError(error).message), in \(step.operation): \(step.caseDescription)")
      }
    }
  }

  /// Adds a member's record to its set's, and prints it.
  private static func tell(_ record: MemberRecord, to kernels: inout KernelsRecord, asJSON: Bool) {
    kernels.add(record)
    if asJSON {
      if let line = try? JSONOutput.line(record) { Console.shared.output(line) }
    } else {
      for line in record.lines { Console.shared.output(line) }
    }
  }

  /// A set is not run any further.
  private func end(_ place: Int, _ verdict: KernelsRecord.Verdict, _ reason: String) {
    state.withLock { state in
      guard state.kernels[place].reason == nil else { return }
      for (_, record) in state.members[place].sorted(by: { $0.key < $1.key }) {
        Self.tell(record, to: &state.kernels[place], asJSON: asJSON)
      }
      state.members[place] = [:]
      if state.kernels[place].verdict != .failed { state.kernels[place].verdict = verdict }
      state.kernels[place].reason = reason
    }
  }

  /// Prints what became of the sets and of the whole, once.
  @discardableResult
  private func finish() -> CheckVerdict {
    progress.finish()
    return state.withLock { state in
      let verdict = CheckVerdict(state.kernels)
      guard !state.isOver else { return verdict }
      state.isOver = true
      for record in state.kernels {
        Console.shared.output(asJSON ? (try? JSONOutput.line(record)) ?? "" : record.line)
      }
      Console.shared.output(asJSON ? (try? JSONOutput.line(verdict)) ?? "" : verdict.line)
      return verdict
    }
  }

  /// Watches for a case without an end.
  private func startWatch() -> any DispatchSourceTimer {
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "irodori.check.watch"))
    timer.schedule(deadline: .now() + 1, repeating: 1)
    timer.setEventHandler { [self] in
      let hung = state.withLock { state -> ConformanceStep? in
        guard !state.isOver, let (step, start) = state.current,
          (ContinuousClock.now - start) / .seconds(1) > limits.perCase
        else { return nil }
        return step
      }
      guard let hung else { return }
      let reason =
        "no answer for \(Int(limits.perCase)) s in \(hung.operation): \(hung.caseDescription); what follows did not run"
      for place in state.withLock({ $0.kernels.indices }) { end(place, .failed, reason) }
      finish()
      // Not exit: it would wait for the device that does not answer.
      _exit(ExitStatus.failure.rawValue)
    }
    timer.resume()
    return timer
  }
}

extension ConformanceOptions {
  /// Whether cases and answers are the same as with other options.
  fileprivate func judgesLike(_ other: ConformanceOptions) -> Bool {
    operations == other.operations && includesLargeCases == other.includesLargeCases
      && checksNonFiniteValues == other.checksNonFiniteValues
      && allowsFlushedSubnormals == other.allowsFlushedSubnormals && comparesDefaults == other.comparesDefaults
      && convolutionSlack == other.convolutionSlack && factorType == other.factorType && seed == other.seed
  }
}
