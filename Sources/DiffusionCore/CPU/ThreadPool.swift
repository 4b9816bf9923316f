// SPDX-License-Identifier: Apache-2.0

import CKernels
import Dispatch
import Synchronization

/// Runs numbered pieces of work on a fixed number of threads.
///
/// What the pieces are must depend on the shapes only, never on the number of threads, so that results are the same
/// bit for bit on any machine of one instruction set.
struct ThreadPool: Sendable {
  let threads: Int
  /// False for a pool whose work is left undone, where only memory is counted.
  var runs = true

  /// The processors that this process may use.
  static var availableProcessors: Int { Int(ck_available_processors()) }

  /// Calls `body(piece, worker)` for every piece, in any order, and waits for all. Workers are numbered from 0 and one
  /// worker runs one piece at a time, so `worker` can index scratch memory.
  func forEach(_ pieces: Int, _ body: (_ piece: Int, _ worker: Int) -> Void) {
    guard runs else { return }
    let workers = min(threads, pieces)
    guard workers > 1 else {
      for piece in 0..<max(pieces, 0) { body(piece, 0) }
      return
    }
    let next = Atomic<Int>(0)
    // Pieces write to disjoint memory and the call returns only when all are done, which the compiler cannot see.
    nonisolated(unsafe) let body = body
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      while true {
        let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if piece >= pieces { return }
        body(piece, worker)
      }
    }
  }

  /// Splits `0 ..< count` into runs of `grain` and calls `body` for each.
  func forEachRun(of count: Int, grain: Int, _ body: (_ range: Range<Int>) -> Void) {
    let grain = max(grain, 1)
    forEach(count.dividedRoundingUp(by: grain)) { piece, _ in
      body(piece * grain..<min((piece + 1) * grain, count))
    }
  }
}
