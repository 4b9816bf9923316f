import DiffusionCore
import Dispatch

/// Runs an actor on a thread of its own, since minutes of computing must not occupy one of the few threads that all
/// tasks share.
final class QueueExecutor: SerialExecutor {
  private let queue: DispatchQueue

  init(label: String) { queue = DispatchQueue(label: label, qos: .userInitiated) }

  /// Runs what is not part of an actor on the thread.
  ///
  /// - Parameter body: gets a function that throws `CancellationError` once the waiting task is cancelled.
  func run<R: Sendable>(
    _ body: @escaping @Sendable (_ checkCancellation: @escaping @Sendable () throws -> Void) throws -> R
  )
    async throws -> R
  {
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

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
