// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a backend's memory adds up to: blocks in use, freed blocks that are kept, and pages of mapped files in use.
public final class MemoryAccount: Sendable {
  private struct State {
    var live = 0
    var mostLive = 0
    var cached = 0
    var mapped = 0
    var generation = 0
    var peak = 0
    var largest = 0

    mutating func notePeak() { peak = max(peak, live + cached + mapped) }
  }

  private let state = Mutex(State())

  /// Nothing taken yet.
  public init() {}

  /// The bytes of all blocks in use.
  public var liveByteCount: Int { state.withLock { $0.live } }
  /// The most that it ever was.
  package var mostLiveByteCount: Int { state.withLock { $0.mostLive } }
  /// The bytes of freed blocks that are kept.
  package var cachedByteCount: Int { state.withLock { $0.cached } }
  /// The bytes of mapped files that were used since ``releaseMappedPages()``.
  public var mappedByteCount: Int { state.withLock { $0.mapped } }
  /// The most bytes of all three together since ``resetPeak()``.
  public var peakByteCount: Int { state.withLock { $0.peak } }
  /// The largest block so far, in bytes.
  public var largestByteCount: Int { state.withLock { $0.largest } }

  /// Begins a new measurement of the peak.
  public func resetPeak() {
    state.withLock {
      $0.peak = 0
      $0.notePeak()
    }
  }

  /// A block is in use, a new one or one that was kept.
  public func take(_ byteCount: Int, wasKept: Bool = false) {
    state.withLock {
      if wasKept { $0.cached -= byteCount }
      $0.live += byteCount
      $0.mostLive = max($0.mostLive, $0.live)
      $0.largest = max($0.largest, byteCount)
      $0.notePeak()
    }
  }

  /// A block is no longer in use; it is kept, or goes back to the system.
  public func giveBack(_ byteCount: Int, isKept: Bool = false) {
    state.withLock {
      $0.live -= byteCount
      if isKept { $0.cached += byteCount }
    }
  }

  /// Kept blocks go back to the system.
  public func drop(_ byteCount: Int) { state.withLock { $0.cached -= byteCount } }

  /// The pages of mapped files go back to the system.
  public func releaseMappedPages() {
    state.withLock {
      $0.mapped = 0
      $0.generation += 1
    }
  }

  /// Counts pages of a mapping once between two releases.
  fileprivate func touch(_ byteCount: Int, since generation: Int) -> Int {
    state.withLock {
      if $0.generation != generation {
        $0.mapped += byteCount
        $0.notePeak()
      }
      return $0.generation
    }
  }
}

/// Bytes of a mapped file that are in memory from their first use until the account's mapped pages are released.
public final class MappedPages: Sendable {
  private let byteCount: Int
  private let account: MemoryAccount
  private let seen = Atomic<Int>(-1)

  /// Pages that were not used yet.
  public init(byteCount: Int, account: MemoryAccount) {
    self.byteCount = byteCount
    self.account = account
  }

  /// Notes a use.
  public func touch() {
    seen.store(account.touch(byteCount, since: seen.load(ordering: .relaxed)), ordering: .relaxed)
  }
}
