// SPDX-License-Identifier: Apache-2.0

/// What a request reports, one event after the other, and its result as the last one: ``Colorizer/events(for:)``.
///
/// Leaving the loop early cancels the request. In a task that is cancelled the loop ends with a `CancellationError`, as
/// ``Colorizer/colorize(_:observer:)`` does: a loop that ends by itself has had its result. A slow reader does not hold the
/// request up; what it has not yet read waits.
public struct ColorizeEvents: AsyncSequence, Sendable {
  public typealias Element = ColorizeEvent
  let stream: AsyncThrowingStream<ColorizeEvent, any Error>

  public struct AsyncIterator: AsyncIteratorProtocol {
    var base: AsyncThrowingStream<ColorizeEvent, any Error>.Iterator
    private var isOver = false

    init(base: AsyncThrowingStream<ColorizeEvent, any Error>.Iterator) { self.base = base }

    public mutating func next() async throws -> ColorizeEvent? {
      guard !isOver else { return nil }
      do {
        if let event = try await base.next() {
          if case .finished = event { isOver = true }
          return event
        }
      } catch {
        isOver = true
        throw error
      }
      // The stream ends without a word where the task that reads it is cancelled.
      isOver = true
      throw CancellationError()
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: stream.makeAsyncIterator()) }
}
