// SPDX-License-Identifier: Apache-2.0

import Colorize
import Foundation
import Synchronization
import Testing

/// The colorizer's queue: one piece at a time, in order, on one thread, and nobody waits in vain.
///
/// Whoever waits in vain does so for ever: the limits are long because other tests hold all threads for up to minutes.
struct WorkQueueTests {
  /// An actor whose pieces of work are several jobs each.
  private actor Worker {
    nonisolated let queue = WorkQueue(label: "test")
    nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }
    private(set) var events: [String] = []

    nonisolated func piece(_ name: String, pause: Duration = .zero) async throws {
      try await queue.inTurn {
        await note("\(name) begins")
        // Others get the actor meanwhile, and must not get the turn.
        try await Task.sleep(for: pause)
        await note("\(name) ends")
      }
    }

    func note(_ event: String) {
      dispatchPrecondition(condition: .notOnQueue(.main))
      events.append(event)
    }
  }

  /// Asks until the condition holds.
  private func wait(_ condition: () async -> Bool) async throws {
    while await !condition() { try await Task.sleep(for: .milliseconds(1)) }
  }

  @Test(.timeLimit(.minutes(30))) func piecesAreDoneOneAfterAnother() async throws {
    let worker = Worker()
    var tasks: [Task<Void, any Error>] = []
    for index in 0..<5 {
      tasks.append(Task { try await worker.piece("\(index)", pause: .milliseconds(20)) })
      // The first has the turn, and the others come in this order.
      if index == 0 {
        try await wait { await !worker.events.isEmpty }
      } else {
        try await Task.sleep(for: .milliseconds(3))
      }
    }
    for task in tasks { try await task.value }
    let events = await worker.events
    #expect(events.count == 10)
    for pair in stride(from: 0, to: events.count - 1, by: 2) {
      #expect(events[pair].hasSuffix("begins"))
      #expect(events[pair + 1] == events[pair].replacingOccurrences(of: "begins", with: "ends"))
    }
    #expect(Set(events).count == 10)
  }

  @Test(.timeLimit(.minutes(30))) func whoeverIsCancelledWaitsNoLonger() async throws {
    let worker = Worker()
    let long = Task { try await worker.piece("long", pause: .seconds(3600)) }
    try await wait { await worker.events == ["long begins"] }
    let waiting = Task { try await worker.piece("waiting") }
    try await Task.sleep(for: .milliseconds(5))
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    // One that is cancelled before it comes to wait.
    let late = Task {
      while !Task.isCancelled { await Task.yield() }
      try await worker.piece("late")
    }
    late.cancel()
    await #expect(throws: CancellationError.self) { try await late.value }
    // What fails gives its turn back.
    long.cancel()
    await #expect(throws: CancellationError.self) { try await long.value }
    try await worker.piece("last")
    #expect(await worker.events == ["long begins", "last begins", "last ends"])
  }

  @Test(.timeLimit(.minutes(30))) func workOutsideOfTheActorIsToldOfCancellation() async throws {
    let queue = WorkQueue(label: "test")
    #expect(try await queue.run { _ in 7 } == 7)
    let isRunning = Mutex(false)
    let task = Task {
      try await queue.run { checkCancellation in
        isRunning.withLock { $0 = true }
        while true { try checkCancellation() }
      }
    }
    try await wait { isRunning.withLock { $0 } }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
