// SPDX-License-Identifier: Apache-2.0

/// What a backend can still hold. `Int.max` stands for no limit, or one that is not known.
public struct MemoryLimits: Sendable, Hashable {
  /// The bytes that new buffers may take in all, besides those that exist.
  public var availableBytes: Int
  /// The largest single buffer, in bytes: what the device allocates in one piece and binds to one kernel.
  public var largestBufferBytes: Int

  /// Limits in bytes.
  public init(availableBytes: Int = .max, largestBufferBytes: Int = .max) {
    self.availableBytes = availableBytes
    self.largestBufferBytes = largestBufferBytes
  }

  /// No limit is known.
  public static let unlimited = MemoryLimits()

  /// The first limit that a job breaks, nil if it fits.
  public func shortage(for demand: MemoryDemand, backend: String) -> MemoryShortage? {
    if demand.largestBufferBytes > largestBufferBytes {
      return MemoryShortage(
        backend: backend, limit: .buffer, neededBytes: demand.largestBufferBytes, fittingBytes: largestBufferBytes)
    }
    if demand.peakBytes > availableBytes {
      return MemoryShortage(
        backend: backend, limit: .total, neededBytes: demand.peakBytes, fittingBytes: max(0, availableBytes))
    }
    return nil
  }
}

/// What a job will need of a backend's memory, counted before it starts.
public struct MemoryDemand: Sendable, Hashable {
  /// The most bytes that the job's buffers take at one time, besides those that exist before it.
  public var peakBytes: Int
  /// The largest of its buffers, in bytes.
  public var largestBufferBytes: Int

  /// A demand in bytes.
  public init(peakBytes: Int, largestBufferBytes: Int = 0) {
    self.peakBytes = peakBytes
    self.largestBufferBytes = largestBufferBytes
  }
}

/// A job that does not fit into a backend's memory, found out before it started.
public struct MemoryShortage: Sendable, Hashable, CustomStringConvertible {
  /// What is too small.
  public enum Limit: Sendable, Hashable {
    /// All memory that is free.
    case total
    /// What one buffer may have.
    case buffer
  }

  /// The backend's name.
  public var backend: String
  /// What is too small.
  public var limit: Limit
  /// The bytes that the job needs.
  public var neededBytes: Int
  /// The bytes that would fit.
  public var fittingBytes: Int
  /// What to do about it, in words. Whoever knows the job may say more, such as the largest size that fits.
  public var advice: String

  /// A shortage.
  public init(
    backend: String, limit: Limit, neededBytes: Int, fittingBytes: Int,
    advice: String = "choose a smaller size or batch"
  ) {
    self.backend = backend
    self.limit = limit
    self.neededBytes = neededBytes
    self.fittingBytes = fittingBytes
    self.advice = advice
  }

  public var description: String {
    let needed = Self.mebibytes(neededBytes, roundingUp: true)
    let fitting = Self.mebibytes(fittingBytes, roundingUp: false)
    return switch limit {
    case .total: "this needs \(needed) MiB of memory and \(fitting) MiB are free; \(advice)"
    case .buffer: "this needs one buffer of \(needed) MiB and the device takes \(fitting) MiB in one; \(advice)"
    }
  }

  private static func mebibytes(_ count: Int, roundingUp: Bool) -> Int {
    count / (1 << 20) + (roundingUp && count % (1 << 20) > 0 ? 1 : 0)
  }
}
