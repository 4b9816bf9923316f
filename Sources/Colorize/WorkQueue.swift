// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Dispatch
import Synchronization

/// Work that is done one piece at a time, in the order in which it was asked for, on a thread of its own: minutes of
/// computing must not occupy one of the few threads that all tasks share.
///
/// It is the executor of an actor, whose jobs run on the thread; ``inTurn(_:)`` keeps the order of pieces that are several
/// jobs, and lets whoever waits go when its task is cancelled.
package final class WorkQueue: SerialExecutor {
  private struct State {
    var isTaken = false
    var nextTicket = 0
    var waiting: [(ticket: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    /// Tickets that were cancelled before they came to wait.
    var cancelled: Set<Int> = []
  }

  private let queue: DispatchQueue
  private let state = Mutex(State())

  package init(label: String) { queue = DispatchQueue(label: label, qos: .userInitiated) }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }

  /// Runs what is not part of an actor on the thread.
  ///
  /// - Parameter body: gets a function that throws `CancellationError` once the waiting task is cancelled.
  package func run<R: Sendable>(
    _ body: @escaping @Sendable (_ checkCancellation: @escaping @Sendable () throws -> Void) throws -> R
  ) async throws -> R {
    let isCancelled = Locked(false)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        queue.async {
          continuation.resume(
            with: Result { try body { if isCancelled.value { throw CancellationError() } } })
        }
      }
    } onCancel: {
      isCancelled.mutate { $0 = true }
    }
  }

  /// Does a piece of work when all that was asked for before is done.
  ///
  /// - Throws: what `body` throws; `CancellationError` at once where the task is cancelled while it waits.
  package func inTurn<R>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> sending R
  ) async throws -> sending R {
    try await takeTurn()
    defer { giveBackTurn() }
    return try await body()
  }

  private func takeTurn() async throws {
    let ticket = state.withLock { state in
      defer { state.nextTicket += 1 }
      return state.nextTicket
    }
    defer { state.withLock { _ = $0.cancelled.remove(ticket) } }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let outcome: Result<Void, any Error>? = state.withLock { state in
          if state.cancelled.contains(ticket) { return .failure(CancellationError()) }
          if state.isTaken {
            state.waiting.append((ticket, continuation))
            return nil
          }
          state.isTaken = true
          return .success(())
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let waiter = state.withLock { state -> CheckedContinuation<Void, any Error>? in
        guard let index = state.waiting.firstIndex(where: { $0.ticket == ticket }) else {
          state.cancelled.insert(ticket)
          return nil
        }
        return state.waiting.remove(at: index).continuation
      }
      waiter?.resume(throwing: CancellationError())
    }
  }

  /// Gives the turn to whoever has waited longest.
  private func giveBackTurn() {
    let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
      if state.waiting.isEmpty {
        state.isTaken = false
        return nil
      }
      return state.waiting.removeFirst().continuation
    }
    next?.resume()
  }
}
