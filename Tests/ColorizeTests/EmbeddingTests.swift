// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

/// What a program that embeds the library does with it, by its public interface: callbacks that take their time, end or
/// write; requests side by side; errors by type and case.
@Suite struct EmbeddingTests {
  private static let tiny = TinyModel()

  private func request(steps: Int = 2) throws -> ColorizeRequest {
    var request = ColorizeRequest(
      sketch: try Image(
        width: 40, height: 28, channels: 1, pixels: (0..<40 * 28).map { ($0 / 40 + $0 % 40) % 9 == 0 ? 0 : 255 }),
      reference: try Image(
        width: 30, height: 20, channels: 3, pixels: (0..<1800).map { UInt8(truncatingIfNeeded: $0 * 7) }))
    request.steps = steps
    request.size = 64
    return request
  }

  private func colorizer() async throws -> Colorizer {
    try await Colorizer(model: Self.tiny.model(), backend: CPUBackend(threads: 1))
  }

  /// What happened, in order.
  private final class Diary: Sendable {
    private let entries = Mutex<[String]>([])
    func add(_ entry: String) { entries.withLock { $0.append(entry) } }
    var all: [String] { entries.withLock(\.self) }
  }

  @Test func callbacksThatTakeTheirTimeHoldNobodyElseUp() async throws {
    let colorizer = try await colorizer()
    let request = try request()
    let order = Diary()
    let answered = DispatchSemaphore(value: 0)
    async let slow = colorizer.colorize(request) { event in
      guard case .step(let completed, _) = event else { return }
      // It would wait for ever if the answers waited for it.
      if completed == 1 { #expect(answered.wait(timeout: .now() + 1800) == .success) }
      order.add("step")
    }
    // What needs no turn is answered meanwhile, from many tasks.
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<16 {
        group.addTask { _ = colorizer.supports(.full) && (try? colorizer.memoryEstimate(for: request)) != nil }
      }
    }
    answered.signal()
    async let next = colorizer.colorize(request) { event in
      if case .step(1, _) = event { order.add("next") }
    }
    let (first, second) = try await (slow, next)
    #expect(first.image == second.image)
    #expect(order.all == ["step", "step", "next"] || order.all == ["next", "step", "step"])
  }

  @Test func aCallbackCancelsItsOwnRequest() async throws {
    let colorizer = try await colorizer()
    let steps = Mutex(0)
    let long = try request(steps: 1000)
    let task = Task {
      try await colorizer.colorize(long) { event in
        guard case .step = event else { return }
        steps.withLock { $0 += 1 }
        withUnsafeCurrentTask { $0?.cancel() }
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(steps.withLock(\.self) == 1)
    // Whoever comes next has a colorizer as before.
    #expect(try await colorizer.colorize(request()).images.count == 1)
  }

  @Test func manyRequestsAtOnceAreAllDoneAndSomeCancelled() async throws {
    let colorizer = try await colorizer()
    let request = try request()
    let long = try self.request(steps: 1000)
    let plain = try await colorizer.colorize(request).image
    try await withThrowingTaskGroup(of: Image?.self) { group in
      for index in 0..<8 {
        group.addTask {
          guard index % 2 == 1 else { return try await colorizer.colorize(request).image }
          let task = Task {
            try await colorizer.colorize(long) { event in
              if case .step = event { withUnsafeCurrentTask { $0?.cancel() } }
            }.image
          }
          // One half before its turn comes, as a rule, and the other within it.
          if index % 4 == 1 { task.cancel() }
          do {
            return try await task.value
          } catch is CancellationError { return nil }
        }
      }
      let images = try await group.reduce(into: [Image?]()) { $0.append($1) }
      #expect(images.count { $0 == nil } == 4 && images.compactMap(\.self).allSatisfy { $0 == plain })
    }
  }

  @Test func aLoopOverEventsThatIsCancelledSaysSo() async throws {
    let colorizer = try await colorizer()
    let long = try request(steps: 1000)
    let task = Task {
      var seen = 0
      for try await event in colorizer.events(for: long) {
        if case .step = event { seen += 1 }
        if seen == 1 { withUnsafeCurrentTask { $0?.cancel() } }
      }
      return seen
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    // While it waits for an event that does not come, as another has the turn.
    let steps = StepCounter()
    steps.hold()
    let first = Task {
      try await colorizer.colorize(request()) { if case .step(let completed, _) = $0 { steps.pass(completed) } }
    }
    while steps.completed == 0 { try await Task.sleep(for: .milliseconds(1)) }
    let other = Task {
      for try await _ in colorizer.events(for: long) {}
    }
    try await Task.sleep(for: .milliseconds(100))
    other.cancel()
    await #expect(throws: CancellationError.self) { try await other.value }
    steps.release()
    _ = try await first.value
    // One that is whole ends by itself, and stays at its end.
    var iterator = colorizer.events(for: try request()).makeAsyncIterator()
    var last: ColorizeEvent?
    while let event = try await iterator.next() { last = event }
    guard case .finished? = last else { return #expect(Bool(false), "no result") }
    #expect(try await iterator.next() == nil)
    // A fault is the loop's, too.
    var wrong = try request()
    wrong.steps = 0
    await #expect(throws: ColorizeError.self) { for try await _ in colorizer.events(for: wrong) {} }
  }

  @Test func resultsAreWrittenFromCallbacksAndFaultsToldApart() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("o.png")
    let colorizer = try await colorizer()
    let failures = Mutex<[ImageError]>([])
    for _ in 0..<2 {
      _ = try await colorizer.colorize(request()) { event in
        guard case .picture(_, let picture, _) = event else { return }
        do throws(ImageError) {
          try picture.image.write(to: path, existing: .refuse)
        } catch {
          failures.withLock { $0.append(error) }
        }
      }
    }
    #expect(failures.withLock(\.self) == [.fileExists(file: path, savedAs: nil)])
    #expect(try Image.load(path).width == 40)
    func caught(_ change: (inout ColorizeRequest) throws -> Void) async throws -> any Error {
      var request = try request()
      try change(&request)
      do {
        _ = try await colorizer.colorize(request)
      } catch { return error }
      throw CancellationError()
    }
    let steps = try await caught { $0.steps = 0 }
    guard case ColorizeError.invalidOption(.steps, "0", _) = steps else { return #expect(Bool(false), "\(steps)") }
    let mask = try await caught { $0.mode = .full }
    guard case ColorizeError.missingInput = mask else { return #expect(Bool(false), "\(mask)") }
    for error in [steps, mask] { #expect((error as? any CategorizedError)?.category == .usage) }
  }

  @Test func oneAfterTheOtherOnTwoBackends() async throws {
    let model = try Self.tiny.model()
    let request = try request()
    let first = try await Colorizer(model: model, backend: CPUBackend(threads: 1)).colorize(request).image
    // A backend of one's own is one that passes calls on, as the profiling one does.
    let second = try await Colorizer(model: model, backend: CPUBackend(threads: 2)).colorize(request).image
    #expect(first == second)
    // From memory to memory, without a file.
    let sketch = try Image.decode(request.sketch.pngData()).image
    let again = try await Colorizer(model: model).colorize(
      {
        var copy = request; copy.sketch = sketch; return copy
      }())
    #expect(try Image.decode(again.image.pngData()).image == first)
  }
}
