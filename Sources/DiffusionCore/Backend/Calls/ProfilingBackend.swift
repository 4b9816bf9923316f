// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What one call of a backend's member had to do, and how long it took.
public struct CallRecord: Sendable {
  /// The member's name, `upload` for ``Backend/makeBuffer(copying:)`` and its like, `read` for
  /// ``Backend/read(_:byteOffset:into:)``.
  public let member: String
  /// What ``ProfilingBackend/begin(_:)`` said before.
  public let section: String
  /// See ``BackendCall/flops``.
  public let flops: Double
  /// See ``BackendCall/byteCount``; for uploads and reads, the bytes that are copied.
  public let byteCount: Int
  /// How long the call took by the profile's clock; 0 without one, or if the device had nothing to do.
  public internal(set) var seconds: Double
}

extension Sequence where Element == CallRecord {
  /// The floating-point operations of all calls.
  public var flops: Double { reduce(0) { $0 + $1.flops } }
  /// The bytes of all calls.
  public var byteCount: Int { reduce(0) { $0 + $1.byteCount } }
  /// The time of all calls.
  public var seconds: Double { reduce(0) { $0 + $1.seconds } }
}

/// A backend that stands before another one and notes what each call had to do and how long it took.
///
/// On a ``ShapeOnlyBackend`` it counts the work of a whole network without doing it. What could be replayed is done
/// step by step here.
public final class ProfilingBackend: ForwardingBackend, CallReceiver {
  /// How calls are timed.
  public enum Clock: String, Sendable, Codable {
    /// By the device's own clock, see ``Backend/deviceTimer``: what the device needs for a call, without the host's
    /// share. One call begins after the other has ended, and nothing waits for them.
    case device
    /// Each call is waited for, which takes longer than the same work without being watched: a device cannot work
    /// ahead, and the shortest calls suffer most.
    case waiting
    /// Calls are counted only.
    case counting
  }

  public let base: any Backend
  /// How calls are timed.
  public let clock: Clock

  private struct State {
    var section = ""
    var nextLabel = 0
    var records: [(label: Int, record: CallRecord)] = []
  }

  private let timer: (any DeviceTimer)?
  private let state = Mutex(State())

  /// Watches a backend.
  ///
  /// - Parameter clock: nil takes the device's clock if there is one, else waits. A device's clock that is asked for
  ///   and not there is replaced by waiting; ``clock`` says so.
  public init(_ base: any Backend, clock: Clock? = nil) {
    self.base = base
    timer = (clock ?? .device) == .device ? base.deviceTimer : nil
    self.clock = timer != nil ? .device : clock == .counting ? .counting : .waiting
  }

  /// What is called from now on belongs to a section, such as a stage or a step.
  public func begin(_ section: String) { state.withLock { $0.section = section } }

  /// What was called since the last time, in order. With a device's clock, waits for all work.
  ///
  /// - Throws: ``BackendError`` if some of the work failed.
  public func takeRecords() throws -> [CallRecord] {
    let seconds = try timer?.takeSeconds() ?? [:]
    let records = state.withLock { state in
      defer { state.records = [] }
      return state.records
    }
    return records.map { label, record in
      var record = record
      record.seconds += seconds[label] ?? 0
      return record
    }
  }

  private func note<R>(_ member: String, flops: Double = 0, byteCount: Int, _ body: () throws -> R) throws -> R {
    let label = state.withLock { state in
      defer { state.nextLabel += 1 }
      return state.nextLabel
    }
    let start = ContinuousClock.now
    let result = try timer.map { try $0.measure(label, body) } ?? body()
    var seconds = 0.0
    if clock == .waiting {
      try base.finish()
      seconds = (ContinuousClock.now - start) / .seconds(1)
    }
    state.withLock {
      let record = CallRecord(
        member: member, section: $0.section, flops: flops, byteCount: byteCount, seconds: seconds)
      $0.records.append((label, record))
    }
    return result
  }

  public func receive(_ call: BackendCall) throws {
    try note(call.member, flops: call.flops, byteCount: call.byteCount) { try call.perform(on: base) }
  }

  public func makeBuffer(copying bytes: UnsafeRawBufferPointer) throws -> any Buffer {
    try note("upload", byteCount: bytes.count) { try base.makeBuffer(copying: bytes) }
  }

  public func makeBuffer(
    mapping bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable
  ) throws -> any Buffer {
    try note("upload", byteCount: bytes.count) { try base.makeBuffer(mapping: bytes, owner: owner) }
  }

  public func read(_ buffer: any Buffer, byteOffset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    try note("read", byteCount: target.count) { try base.read(buffer, byteOffset: byteOffset, into: target) }
  }
}
