// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Synchronization

/// Time and memory of the stages of a job, as its observer hears of them.
///
/// Between two stages it waits for the backend, so that work of one is not waited for in the next. The library's own
/// times of stages do not, on a backend that works behind the caller's back.
final class StageClock: Sendable {
  private struct State {
    var stage: String?
    var start = ContinuousClock.now
    var seconds: [String: Double] = [:]
    var memory = PeakMemory()
    var peaks: [String: Double] = [:]

    mutating func close() {
      guard let stage else { return }
      seconds[stage, default: 0] += (ContinuousClock.now - start) / .seconds(1)
      peaks[stage] = max(peaks[stage] ?? 0, memory.end())
      self.stage = nil
    }
  }

  private let backend: any Backend
  private let state = Mutex(State())

  init(backend: any Backend) { self.backend = backend }

  /// Ends the stage before and begins this one.
  func begin(_ stage: String) {
    // A device that failed says so again to the job itself.
    try? backend.finish()
    state.withLock {
      $0.close()
      $0.memory.begin()
      $0.stage = stage
      $0.start = .now
    }
  }

  /// Ends the last stage.
  ///
  /// - Returns: each stage's seconds since the last call.
  func end() -> [String: Double] {
    state.withLock { state in
      state.close()
      defer { state.seconds = [:] }
      return state.seconds
    }
  }

  /// The most memory that was resident at a time in the stage, in GiB; that of all stages for any other name.
  func peak(of stage: String) -> Double {
    state.withLock { $0.peaks[stage] ?? $0.peaks.values.max() ?? 0 }
  }
}
