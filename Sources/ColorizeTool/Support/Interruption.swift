// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import Synchronization

/// Turns SIGINT, SIGTERM and SIGHUP into the cancellation of a task.
///
/// The first signal cancels, and the running step ends in its own time; a second one ends the program at once. While
/// something runs that cannot be cancelled and writes no files (reading a model), the first does.
final class Interruption: Sendable {
  static let shared = Interruption()

  private struct State {
    var received: Int32?
    var exitsAtOnce = false
    var cancel: (@Sendable () -> Void)?
    var report: (@Sendable (ToolError) -> Void)?
  }

  private let state = Mutex(State())

  /// The error that a cancelled task stands for.
  var error: ToolError { Self.error(state.withLock { $0.received } ?? SIGINT) }

  private static func error(_ signal: Int32) -> ToolError {
    switch signal {
    case SIGTERM: ToolError(.terminated, "terminated; nothing more was written")
    case SIGHUP: ToolError(.hungUp, "the terminal is gone; nothing more was written")
    default: ToolError(.interrupted, "interrupted; nothing more was written")
    }
  }

  /// Listens from now on.
  ///
  /// - Parameters:
  ///   - report: prints the error where the program ends at once.
  ///   - cancel: cancels the task.
  func listen(report: @escaping @Sendable (ToolError) -> Void, cancel: @escaping @Sendable () -> Void) {
    state.withLock {
      $0.report = report
      $0.cancel = cancel
    }
    guard SignalPipe.open(), Self.startThread() else { return }
    for number in [SIGINT, SIGTERM, SIGHUP] {
      // `nohup` wants the program to outlive its terminal.
      if number == SIGHUP, Self.isIgnored(number) { continue }
      signal(number) { SignalPipe.send($0) }
    }
  }

  /// A thread that is there before memory ends. Dispatch would want one when a signal comes.
  private static func startThread() -> Bool {
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { _ in
        while let number = SignalPipe.next() { Interruption.shared.handle(number) }
        return nil
      }, nil)
    if code == 0 { pthread_detach(thread) }
    return code == 0
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private func handle(_ number: Int32) {
    let (endNow, cancel, report) = state.withLock { state in
      let isRepeated = state.received != nil
      state.received = state.received ?? number
      return (isRepeated || state.exitsAtOnce, state.cancel, state.report)
    }
    if endNow {
      let error = Self.error(number)
      report?(error)
      AtomicFile.removeUnfinished()
      // Not exit: it would tear the libraries down while other threads compute in them.
      _exit(error.status.rawValue)
    }
    if Console.shared.isInteractive {
      Console.shared.message("colorize: stopping after this step; once more to stop at once")
    }
    cancel?()
  }

  /// Runs what cannot be cancelled and leaves nothing behind: a signal meanwhile ends the program.
  func endingAtOnce<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
    try Task.checkCancellation()
    state.withLock { $0.exitsAtOnce = true }
    defer { state.withLock { $0.exitsAtOnce = false } }
    let result = try await body()
    try Task.checkCancellation()
    return result
  }
}

/// The way of a signal's number out of its handler, where hardly anything is allowed.
private enum SignalPipe {
  nonisolated(unsafe) private static var ends: (reading: Int32, writing: Int32) = (-1, -1)

  static func open() -> Bool {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return false }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    Self.ends = (ends[0], ends[1])
    return true
  }

  static func send(_ number: Int32) {
    var byte = UInt8(truncatingIfNeeded: number)
    let code = errno
    _ = write(ends.writing, &byte, 1)
    errno = code
  }

  static func next() -> Int32? {
    var byte: UInt8 = 0
    while true {
      let count = read(ends.reading, &byte, 1)
      if count == 1 { return Int32(byte) }
      guard count < 0, errno == EINTR else { return nil }
    }
  }
}
